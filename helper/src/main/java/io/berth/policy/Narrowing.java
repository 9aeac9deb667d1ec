package io.berth.policy;

import io.berth.api.AccessFlags;
import io.berth.api.AccessRule;
import io.berth.wire.MessageHeader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The path, interface and member of one access rule, as bytes to compare with a header. Immutable. */
final class Narrowing {
    final int flags;
    private final byte[] path;
    private final boolean subtree;
    private final byte[] interfaceName;
    private final byte[] member;

    private Narrowing(int flags, byte[] path, boolean subtree, byte[] interfaceName, byte[] member) {
        this.flags = flags;
        this.path = path;
        this.subtree = subtree;
        this.interfaceName = interfaceName;
        this.member = member;
    }

    static Narrowing of(AccessRule rule) {
        boolean subtree = rule.has(AccessFlags.PATH_IS_SUBTREE);
        byte[] path = subtree && rule.objectPath().equals("/") ? null : bytes(rule.objectPath());
        String interfaceName = rule.interfaceName();
        String member = null;
        if (rule.has(AccessFlags.INTERFACE_HAS_MEMBER)) {
            int dot = interfaceName.lastIndexOf('.');
            member = interfaceName.substring(dot + 1);
            interfaceName = interfaceName.substring(0, dot);
        }
        return new Narrowing(rule.flags(), path, subtree, interfaceName.isEmpty() ? null : bytes(interfaceName),
                member == null ? null : bytes(member));
    }

    boolean isOpen() {
        return path == null && interfaceName == null;
    }

    /** A rule with an interface never covers a message without one: the field is optional in calls. */
    boolean covers(MessageHeader header) {
        return (interfaceName == null || header.is(MessageHeader.INTERFACE, interfaceName))
                && (member == null || header.is(MessageHeader.MEMBER, member))
                && (path == null || coversPath(header));
    }

    private boolean coversPath(MessageHeader header) {
        if (!subtree) {
            return header.is(MessageHeader.PATH, path);
        }
        if (!header.has(MessageHeader.PATH) || header.length(MessageHeader.PATH) < path.length) {
            return false;
        }
        int from = header.start(MessageHeader.PATH);
        int to = from + path.length;
        return Arrays.equals(header.bytes(), from, to, path, 0, path.length)
                && (header.length(MessageHeader.PATH) == path.length || header.bytes()[to] == '/');
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
