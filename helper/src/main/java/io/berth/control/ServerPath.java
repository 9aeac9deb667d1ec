package io.berth.control;

import io.berth.dbus.HelperName;

/** Object paths of container servers. */
final class ServerPath {
    private static final String PREFIX = HelperName.SERVERS_PATH + "/";

    private ServerPath() {
    }

    static String of(String id) {
        return PREFIX + id;
    }

    static boolean isServer(String path) {
        return path.length() > PREFIX.length() && path.startsWith(PREFIX) && path.indexOf('/', PREFIX.length()) < 0;
    }

    /** @throws ControlException UnknownObject for a path that is no server's */
    static String id(String path) {
        if (!isServer(path)) {
            throw new ControlException(HelperName.UNKNOWN_OBJECT, "'" + path + "' is not a container server: expected "
                    + PREFIX + "<id>");
        }
        return path.substring(PREFIX.length());
    }
}
