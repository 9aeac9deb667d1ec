package io.berth.learn;

import io.berth.api.AuditRecord;

/** Decides about recorded messages as a policy in force decides about messages. For one thread. */
public interface RecordJudge {
    boolean allows(AuditRecord message);
}
