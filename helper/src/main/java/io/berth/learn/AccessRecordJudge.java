package io.berth.learn;

import io.berth.api.AccessFlags;
import io.berth.api.AccessRule;
import io.berth.api.AuditRecord;
import io.berth.policy.AccessPolicy;
import io.berth.policy.Grant;
import io.berth.wire.MessageHeader;
import io.berth.wire.MessageWriter;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** What access rules say of recorded messages: asks {@link AccessPolicy} about headers made of the records. */
public final class AccessRecordJudge implements RecordJudge {
    private static final String DRIVER = "org.freedesktop.DBus";

    private final AccessPolicy policy;

    /** Names that hand out the host are told by the record of their refusal, so that the rules alone are asked here. */
    public AccessRecordJudge(List<AccessRule> rules) {
        this.policy = new AccessPolicy(rules, false, false, null);
    }

    @Override
    public boolean allows(AuditRecord message) {
        if (message.isRefusedForGood() || message.rule().equals(AuditRecord.SAME_SERVER)) {
            return !message.isRefusedForGood();
        }
        boolean incoming = message.direction().equals("incoming");
        int fds = !message.fds() ? 0 : incoming ? AccessFlags.RECEIVE_FDS : AccessFlags.SEND_FDS;
        return switch (message.operation()) {
            case "own" -> policy.checkOwn(message.name()).passes();
            case "see" -> policy.seesName(message.name()) || grant(message).sees();
            case "start" -> grant(message).checkAny(AccessFlags.CALL).passes();
            case "broadcast" -> incoming ? has(message, AccessFlags.BROADCAST | fds) : fds == 0 || isOpenToAll(message, fds);
            case "method_call" -> incoming ? has(message, fds)
                    : message.name().isEmpty() || message.name().equals(DRIVER) || has(message, AccessFlags.CALL | fds);
            case "signal" -> incoming ? has(message, fds) : has(message, AccessFlags.SIGNAL | fds);
            default -> (grant(message).anyFlags() & fds) == fds;
        };
    }

    private boolean has(AuditRecord message, int flags) {
        return flags == 0 || (grant(message).flags(header(message)) & flags) == flags;
    }

    /** To whom a broadcast goes is not known. */
    private boolean isOpenToAll(AuditRecord message, int flags) {
        return (policy.grantFor(List.of(), null).flags(header(message)) & flags) == flags;
    }

    private Grant grant(AuditRecord message) {
        List<String> names = new ArrayList<>(message.peer().names());
        if (!message.name().isEmpty()) {
            names.add(message.name());
        }
        return policy.grantFor(names, message.peer().app().isEmpty() ? null : message.peer().app());
    }

    private static MessageHeader header(AuditRecord message) {
        String interfaceName = message.interfaceName().isEmpty() ? null : message.interfaceName();
        byte[] bytes = MessageWriter.methodCall(1, null, message.path(), interfaceName, message.member()).toBytes();
        MessageHeader header = new MessageHeader();
        header.read(ByteBuffer.wrap(bytes), 0);
        return header;
    }
}
