package io.berth.learn;

import io.berth.api.AuditRecord;
import io.berth.policy.apparmor.CompiledPolicy;
import io.berth.policy.apparmor.Dialect;
import io.berth.policy.apparmor.Field;
import io.berth.policy.apparmor.Permission;
import io.berth.policy.apparmor.PolicyQuery;
import java.util.ArrayList;
import java.util.List;

/**
 * What an AppArmor policy says of recorded messages: the sender's side of what an app says, the recipient's of what it
 * hears. Labels are not recorded: a peer is {@code unconfined}, or what an app behind a container server is called.
 */
public final class ApparmorRecordJudge implements RecordJudge {
    private static final String DRIVER = "org.freedesktop.DBus";

    private final CompiledPolicy policy;

    public ApparmorRecordJudge(CompiledPolicy policy) {
        this.policy = policy;
    }

    @Override
    public boolean allows(AuditRecord message) {
        if (message.isRefusedForGood()) {
            return false;
        }
        boolean incoming = message.direction().equals("incoming");
        PolicyQuery query = new PolicyQuery();
        return switch (message.operation()) {
            case "own" -> policy.check(query.clear(Permission.BIND).set(Field.BUS, message.bus()).set(Field.NAME, message.name())).allow();
            // the call of the bus is recorded beside it, and AppArmor hides no names
            case "see", "start" -> true;
            // replies that were asked for are let through
            case "method_return", "error" -> true;
            default -> allows(message, query.clear(incoming ? Permission.RECEIVE : Permission.SEND));
        };
    }

    private boolean allows(AuditRecord message, PolicyQuery query) {
        query.set(Field.BUS, message.bus()).set(Field.PATH, message.path()).set(Field.INTERFACE, message.interfaceName())
                .set(Field.MEMBER, message.member()).set(Field.LABEL, label(message.peer().app()));
        List<String> names = new ArrayList<>(List.of(message.name().isEmpty() ? DRIVER : message.name()));
        if (policy.dialect() == Dialect.PROPOSED_2011) {
            names.addAll(message.peer().names());
        }
        var verdict = policy.check(query.set(Field.NAME, names.get(0)));
        for (String name : names.subList(1, names.size())) {
            verdict = verdict.joinedWith(policy.check(query.set(Field.NAME, name)));
        }
        return verdict.allow();
    }

    private static String label(String app) {
        return app.isEmpty() ? "unconfined" : "berth//" + app.replaceFirst("/", "//");
    }
}
