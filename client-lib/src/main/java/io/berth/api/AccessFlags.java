package io.berth.api;

/** The flags of an {@link AccessRule}, as they travel over D-Bus. */
public final class AccessFlags {
    public static final int SEE = 0x1;
    /** Send method calls. */
    public static final int CALL = 0x2;
    /** Send unicast signals. */
    public static final int SIGNAL = 0x4;
    /** Receive broadcasts. */
    public static final int BROADCAST = 0x8;
    public static final int OWN = 0x10;
    public static final int SEND_FDS = 0x20;
    public static final int RECEIVE_FDS = 0x40;
    /** {@code org.foo} also covers {@code org.foo.bar}. */
    public static final int NAME_IS_SUBTREE = 0x100;
    public static final int PATH_IS_SUBTREE = 0x200;
    /**
     * The name is {@code type/app_id} and stands for any connection of that app. Both apps' rules decide: it has effect while the other
     * app is unrestricted, or under a policy of labels, or has a rule with this flag about this app that makes it seen (SEE, CALL,
     * SIGNAL or BROADCAST). A connection that is not confined matches no such rule. What another rule allows by a name that the
     * peer owns needs no consent.
     */
    public static final int NAME_IS_APP = 0x400;
    public static final int INTERFACE_HAS_MEMBER = 0x800;
    public static final int TALK = SEE | CALL | SIGNAL | BROADCAST;
    public static final int FDS = SEND_FDS | RECEIVE_FDS;
    /** Every bit that permits something; the others say how the strings match. */
    public static final int PERMISSIONS = TALK | OWN | FDS;
    public static final int ALL = PERMISSIONS | NAME_IS_SUBTREE | PATH_IS_SUBTREE | NAME_IS_APP | INTERFACE_HAS_MEMBER;

    private AccessFlags() {
    }
}
