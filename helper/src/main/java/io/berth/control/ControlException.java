package io.berth.control;

import io.berth.api.AccessRule;
import io.berth.dbus.HelperName;
import io.berth.kernel.Fault;
import io.berth.kernel.OutcomeException;
import io.berth.server.RegistryException;
import java.io.IOException;

/** A refusal with the name of a D-Bus error; the message is for the caller. */
final class ControlException extends OutcomeException {
    static final String UNKNOWN_METHOD = "org.freedesktop.DBus.Error.UnknownMethod";
    static final String UNKNOWN_INTERFACE = "org.freedesktop.DBus.Error.UnknownInterface";
    static final String UNKNOWN_PROPERTY = "org.freedesktop.DBus.Error.UnknownProperty";
    static final String PROPERTY_READ_ONLY = "org.freedesktop.DBus.Error.PropertyReadOnly";
    static final String FAILED = "org.freedesktop.DBus.Error.Failed";

    private final String errorName;

    ControlException(String errorName, String message) {
        super(message, false);
        this.errorName = errorName;
    }

    String errorName() {
        return errorName;
    }

    static ControlException invalid(String message) {
        return new ControlException(HelperName.INVALID_ARGS, message);
    }

    /**
     * What the caller is told about any failure. An IllegalArgumentException is the caller's mistake: the checks of names
     * and rules ({@link AccessRule}) throw it with a text that names the value. An IOException says that the bus has gone. What is
     * a {@link Fault} ends the process.
     */
    static ControlException of(Throwable failure) {
        Throwable cause = Fault.cause(failure);
        if (cause instanceof ControlException told) {
            return told;
        }
        if (cause instanceof RegistryException refused) {
            return new ControlException(errorName(refused.kind()), refused.getMessage());
        }
        if (cause instanceof IllegalArgumentException) {
            return invalid(cause.getMessage());
        }
        return new ControlException(FAILED, cause instanceof IOException ? cause.getMessage() : Fault.outcome(cause).getMessage());
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
