package io.berth.api;

/**
 * One access rule {@code (usos)} of the D-Bus API.
 *
 * @param flags         bits of {@link AccessFlags}
 * @param busName       a bus name, or with {@link AccessFlags#NAME_IS_APP} {@code type/app_id}; empty for any
 * @param objectPath    an object path; {@code /} with {@link AccessFlags#PATH_IS_SUBTREE} for any
 * @param interfaceName an interface, or with {@link AccessFlags#INTERFACE_HAS_MEMBER} {@code interface.Member}; empty for any
 */
public record AccessRule(int flags, String busName, String objectPath, String interfaceName) {
    public boolean has(int flag) {
        return (flags & flag) == flag;
    }
}
