package io.berth.api;

/**
 * One access rule {@code (usos)} of the D-Bus API; an instance is always well formed.
 *
 * <p>Says what is meant, not what follows from it: that CALL implies SEE, or which names are never granted, is the
 * mediator's business. {@link RuleText} reads and prints rules in the command line's words.
 *
 * @param flags         bits of {@link AccessFlags}, at least one of them a permission
 * @param busName       a bus name, {@link #UNIQUE_NAMES}, or with {@link AccessFlags#NAME_IS_APP} {@code type/app_id}; empty for any
 * @param objectPath    an object path; {@code /} with {@link AccessFlags#PATH_IS_SUBTREE} for any
 * @param interfaceName an interface, or with {@link AccessFlags#INTERFACE_HAS_MEMBER} {@code interface.Member}; empty for any
 */
public record AccessRule(int flags, String busName, String objectPath, String interfaceName) {
    /** With {@link AccessFlags#NAME_IS_SUBTREE} every unique name, and only that name of a connection. */
    public static final String UNIQUE_NAMES = ":1";

    /** @throws IllegalArgumentException naming the value that is wrong and what was expected */
    public AccessRule {
        int unknown = flags & ~AccessFlags.ALL;
        if (unknown != 0) {
            throw new IllegalArgumentException(String.format(
                    "access flags 0x%x: unknown bits 0x%x, expected bits of 0x%x", flags, unknown, AccessFlags.ALL));
        }
        if ((flags & AccessFlags.PERMISSIONS) == 0) {
            throw new IllegalArgumentException(String.format(
                    "access flags 0x%x: expected at least one permission (bits of 0x%x)", flags, AccessFlags.PERMISSIONS));
        }
        checkName(flags, busName);
        NameGrammar.checkObjectPath(objectPath);
        if ((flags & AccessFlags.INTERFACE_HAS_MEMBER) != 0) {
            NameGrammar.checkInterfaceWithMember(interfaceName);
        } else if (!interfaceName.isEmpty()) {
            NameGrammar.checkInterface(interfaceName);
        }
    }

    private static void checkName(int flags, String busName) {
        boolean subtree = (flags & AccessFlags.NAME_IS_SUBTREE) != 0;
        boolean own = (flags & AccessFlags.OWN) != 0;
        if ((flags & AccessFlags.NAME_IS_APP) != 0) {
            AppId.parse(busName);
            if (subtree || own) {
                throw NameGrammar.rejected(subtree ? "NAME_IS_SUBTREE with app" : "OWN with app", busName,
                        "a well-known bus name, without NAME_IS_APP");
            }
        } else if (busName.isEmpty()) {
            if (subtree) {
                throw NameGrammar.rejected("NAME_IS_SUBTREE with bus name", busName, "a well-known name (empty alone means any name)");
            }
        } else if (subtree && busName.equals(UNIQUE_NAMES)) {
            if ((flags & AccessFlags.PERMISSIONS) != AccessFlags.SEE) {
                throw NameGrammar.rejected("NAME_IS_SUBTREE with bus name", busName, "SEE alone for all unique names");
            }
        } else if (subtree || own) {
            NameGrammar.checkWellKnownName(busName);
        } else {
            NameGrammar.checkBusName(busName);
        }
    }

    /** Whether all bits of {@code flag} are set. */
    public boolean has(int flag) {
        return (flags & flag) == flag;
    }

    /**
     * The same rule without leave to pass file descriptors.
     *
     * @throws IllegalArgumentException when nothing else was permitted
     */
    public AccessRule withoutFds() {
        return (flags & AccessFlags.FDS) == 0 ? this
                : new AccessRule(flags & ~AccessFlags.FDS, busName, objectPath, interfaceName);
    }

    /** The command line's word for this rule, as {@link RuleText#print} makes it. */
    @Override
    public String toString() {
        return RuleText.print(this);
    }
}
