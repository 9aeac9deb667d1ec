package io.berth.dbus;

/** Where the helper is on the session bus, and the errors it answers with. */
public final class HelperName {
    /** The bus name. */
    public static final String BUS_NAME = "io.berth.Helper1";
    /** The root object. */
    public static final String ROOT_PATH = "/io/berth/Helper1";
    /** Each container server is {@code SERVERS_PATH/<id>}. */
    public static final String SERVERS_PATH = ROOT_PATH + "/servers";

    /** Interface of the root object. */
    public static final String HELPER_INTERFACE = "io.berth.Helper1";
    /** Interface of each container server's object. */
    public static final String SERVER_INTERFACE = "io.berth.Server1";

    /** The name asked about belongs to an unconfined connection. */
    public static final String NOT_CONTAINER = "org.freedesktop.DBus.Error.NotContainer";
    /** Nobody has the name asked about. */
    public static final String NAME_HAS_NO_OWNER = "org.freedesktop.DBus.Error.NameHasNoOwner";
    /** An argument is malformed, unknown or of the wrong type; the message names it and what was expected. */
    public static final String INVALID_ARGS = "org.freedesktop.DBus.Error.InvalidArgs";
    /** The caller may not do that. */
    public static final String ACCESS_DENIED = "org.freedesktop.DBus.Error.AccessDenied";
    /** No such container server. */
    public static final String UNKNOWN_OBJECT = "org.freedesktop.DBus.Error.UnknownObject";
    /** A limit of the helper is reached. */
    public static final String LIMITS_EXCEEDED = "org.freedesktop.DBus.Error.LimitsExceeded";
    /** Part of the interface, but not what this helper can do. */
    public static final String NOT_SUPPORTED = "org.freedesktop.DBus.Error.NotSupported";

    private HelperName() {
    }
}
