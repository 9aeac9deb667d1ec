package io.berth.control;

import io.berth.api.AccessRule;
import io.berth.dbus.HelperName;
import io.berth.server.RegistryException;
import java.util.concurrent.CompletionException;

/** A refusal with the name of a D-Bus error; the message is for the caller. */
final class ControlException extends RuntimeException {
    static final String UNKNOWN_METHOD = "org.freedesktop.DBus.Error.UnknownMethod";
    static final String UNKNOWN_INTERFACE = "org.freedesktop.DBus.Error.UnknownInterface";
    static final String UNKNOWN_PROPERTY = "org.freedesktop.DBus.Error.UnknownProperty";
    static final String PROPERTY_READ_ONLY = "org.freedesktop.DBus.Error.PropertyReadOnly";
    static final String FAILED = "org.freedesktop.DBus.Error.Failed";

    private final String errorName;
    private final boolean internal;

    ControlException(String errorName, String message) {
        this(errorName, message, false);
    }

    private ControlException(String errorName, String message, boolean internal) {
        super(message, null, false, false);
        this.errorName = errorName;
        this.internal = internal;
    }

    String errorName() {
        return errorName;
    }

    static ControlException invalid(String message) {
        return new ControlException(HelperName.INVALID_ARGS, message);
    }

    /**
     * What the caller is told about any failure. An IllegalArgumentException is the caller's mistake: the checks of names
     * and rules ({@link AccessRule}) throw it with a text that names the value.
     */
    static ControlException of(Throwable failure) {
        Throwable cause = failure;
        while (cause instanceof CompletionException && cause.getCause() != null) {
            cause = cause.getCause();
        }
        if (cause instanceof ControlException told) {
            return told;
        }
        if (cause instanceof RegistryException refused) {
            return new ControlException(errorName(refused.kind()), refused.getMessage());
        }
        if (cause instanceof IllegalArgumentException) {
            return invalid(cause.getMessage());
        }
        return new ControlException(FAILED, "internal error: " + cause, true);
    }

    /** Whether it is a fault of ours, and not a refusal. */
    boolean isInternal() {
        return internal;
    }

    private static String errorName(RegistryException.Kind kind) {
        return switch (kind) {
            case INVALID_ARGUMENT -> HelperName.INVALID_ARGS;
            case ACCESS_DENIED -> HelperName.ACCESS_DENIED;
            case UNKNOWN_SERVER -> HelperName.UNKNOWN_OBJECT;
            case LIMITS_EXCEEDED -> HelperName.LIMITS_EXCEEDED;
            case NOT_SUPPORTED -> HelperName.NOT_SUPPORTED;
            case NOT_CONTAINER -> HelperName.NOT_CONTAINER;
            case NAME_HAS_NO_OWNER -> HelperName.NAME_HAS_NO_OWNER;
            case FAILED -> FAILED;
        };
    }
}
