package io.berth.policy.apparmor;

import java.nio.charset.StandardCharsets;

/**
 * One question to a policy, to be filled again and again: a permission and fields. It points into the arrays it is given
 * and copies nothing; a field that is not set, or not present in a message, is empty. Owned by one thread.
 */
public final class PolicyQuery {
    private static final byte[] NOTHING = new byte[0];
    private static final int FIELDS = Field.values().length;

    private Permission permission = Permission.SEND;
    private final byte[][] bytes = new byte[FIELDS][];
    private final int[] start = new int[FIELDS];
    private final int[] length = new int[FIELDS];

    public PolicyQuery() {
        clear(Permission.SEND);
    }

    /** Asks about a permission, with all fields empty. */
    public PolicyQuery clear(Permission asked) {
        permission = asked;
        for (int i = 0; i < FIELDS; i++) {
            bytes[i] = NOTHING;
            start[i] = 0;
            length[i] = 0;
        }
        return this;
    }

    public PolicyQuery permission(Permission asked) {
        permission = asked;
        return this;
    }

    /** @param value not changed until the question is answered */
    public PolicyQuery set(Field field, byte[] value, int from, int count) {
        int i = field.ordinal();
        bytes[i] = value;
        start[i] = from;
        length[i] = count;
        return this;
    }

    public PolicyQuery set(Field field, byte[] value) {
        return set(field, value, 0, value.length);
    }

    /** Makes bytes of the text; where that must not cost, use the other forms. */
    public PolicyQuery set(Field field, String value) {
        return set(field, value.getBytes(StandardCharsets.UTF_8));
    }

    Permission permission() {
        return permission;
    }

    byte[] bytes(int field) {
        return bytes[field];
    }

    int start(int field) {
        return start[field];
    }

    int length(int field) {
        return length[field];
    }
}
