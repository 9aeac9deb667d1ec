package io.berth.learn;

import io.berth.api.AuditRecord;

/** Decides about recorded messages as a policy in force decides about messages. For one thread. */
public interface RecordJudge {
    boolean allows(AuditRecord message);

    /**
     * Whether no policy has a say: what is never allowed or hands out the host, replies that nobody waits for, and under access
     * rules what clients of one server say to each other.
     */
    static boolean isOutOfReach(AuditRecord message) {
        return message.verdict().equals("denied") && message.suggestion().isEmpty() || message.rule().equals(AuditRecord.SAME_SERVER);
    }
}
