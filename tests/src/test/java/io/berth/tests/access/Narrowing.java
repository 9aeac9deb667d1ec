package io.berth.tests.access;

import static io.berth.api.AccessFlags.INTERFACE_HAS_MEMBER;
import static io.berth.api.AccessFlags.PATH_IS_SUBTREE;

import io.berth.api.AccessRule;

/**
 * How a rule is narrowed, and whether a message of {@code /org/test/thing/one org.test.Iface.Do} fits, with its interface
 * and without.
 */
enum Narrowing {
    ANYTHING(PATH_IS_SUBTREE, "/", "", true, true),
    PATH(0, "/org/test/thing/one", "", true, true),
    PATH_OF_PARENT(0, "/org/test/thing", "", false, false),
    PATH_OF_CHILD(0, "/org/test/thing/one/more", "", false, false),
    PATH_OF_ROOT(0, "/", "", false, false),
    SUBTREE_OF_PARENT(PATH_IS_SUBTREE, "/org/test/thing", "", true, true),
    SUBTREE_OF_ITSELF(PATH_IS_SUBTREE, "/org/test/thing/one", "", true, true),
    SUBTREE_OF_TEXT_PREFIX(PATH_IS_SUBTREE, "/org/test/thi", "", false, false),
    SUBTREE_OF_CHILD(PATH_IS_SUBTREE, "/org/test/thing/one/more", "", false, false),
    INTERFACE(PATH_IS_SUBTREE, "/", "org.test.Iface", true, false),
    INTERFACE_TEXT_PREFIX(PATH_IS_SUBTREE, "/", "org.test.Ifac", false, false),
    INTERFACE_PARENT(PATH_IS_SUBTREE, "/", "org.test", false, false),
    MEMBER(PATH_IS_SUBTREE | INTERFACE_HAS_MEMBER, "/", "org.test.Iface.Do", true, false),
    MEMBER_TEXT_PREFIX(PATH_IS_SUBTREE | INTERFACE_HAS_MEMBER, "/", "org.test.Iface.D", false, false),
    MEMBER_OF_OTHER_INTERFACE(PATH_IS_SUBTREE | INTERFACE_HAS_MEMBER, "/", "org.test.Other.Do", false, false),
    MEMBER_TAKEN_FOR_INTERFACE(PATH_IS_SUBTREE, "/", "org.test.Iface.Do", false, false),
    PATH_AND_MEMBER(INTERFACE_HAS_MEMBER, "/org/test/thing/one", "org.test.Iface.Do", true, false),
    PATH_BUT_OTHER_MEMBER(INTERFACE_HAS_MEMBER, "/org/test/thing/one", "org.test.Iface.Dont", false, false),
    MEMBER_BUT_OTHER_PATH(INTERFACE_HAS_MEMBER, "/org/test/thing/two", "org.test.Iface.Do", false, false);

    static final String MESSAGE_PATH = "/org/test/thing/one";
    static final String MESSAGE_INTERFACE = "org.test.Iface";
    static final String MESSAGE_MEMBER = "Do";

    private final int flags;
    private final String path;
    private final String interfaceName;
    final boolean fits;
    final boolean fitsWithoutInterface;

    Narrowing(int flags, String path, String interfaceName, boolean fits, boolean fitsWithoutInterface) {
        this.flags = flags;
        this.path = path;
        this.interfaceName = interfaceName;
        this.fits = fits;
        this.fitsWithoutInterface = fitsWithoutInterface;
    }

    AccessRule rule(int permission, String name) {
        return new AccessRule(permission | flags, name, path, interfaceName);
    }
}
