package io.berth.client;

import io.berth.dbus.HelperName;

/**
 * A request that the helper, the bus or the way there refused; the message is theirs, fit to show to a person.
 * The subclasses are what a caller may want to tell apart; everything else is a plain {@code BerthException}.
 */
public class BerthException extends RuntimeException {
    private final String errorName;

    BerthException(String errorName, String message) {
        super(message);
        this.errorName = errorName;
    }

    /** The D-Bus error name; empty when the failure did not come as a D-Bus error. */
    public String errorName() {
        return errorName;
    }

    /** Nothing answers to {@code io.berth.Helper1}, and the bus could not start it either. */
    public static final class NoHelper extends BerthException {
        NoHelper(String errorName, String message) {
            super(errorName, message);
        }
    }

    /** The session bus itself cannot be reached. */
    public static final class NoBus extends BerthException {
        NoBus(String message) {
            super("", message);
        }
    }

    /** An argument is malformed, unknown or of the wrong type. */
    public static final class InvalidArguments extends BerthException {
        InvalidArguments(String errorName, String message) {
            super(errorName, message);
        }
    }

    /** This caller may not do that. */
    public static final class AccessDenied extends BerthException {
        AccessDenied(String errorName, String message) {
            super(errorName, message);
        }
    }

    /** There is no such container server, or no longer. */
    public static final class UnknownServer extends BerthException {
        UnknownServer(String errorName, String message) {
            super(errorName, message);
        }
    }

    /** Nobody has the bus name that was asked about. */
    public static final class NameHasNoOwner extends BerthException {
        NameHasNoOwner(String errorName, String message) {
            super(errorName, message);
        }
    }

    /** A limit of the helper is reached. */
    public static final class LimitsExceeded extends BerthException {
        LimitsExceeded(String errorName, String message) {
            super(errorName, message);
        }
    }

    /** This helper, or the kernel below it, cannot do that. */
    public static final class NotSupported extends BerthException {
        NotSupported(String errorName, String message) {
            super(errorName, message);
        }
    }

    /** The exception for a D-Bus error that came in answer to a call to the helper. */
    static BerthException of(String errorName, String text) {
        String message = text.isEmpty() ? errorName : text;
        return switch (errorName) {
            case HelperName.INVALID_ARGS -> new InvalidArguments(errorName, message);
            case HelperName.ACCESS_DENIED -> new AccessDenied(errorName, message);
            case HelperName.UNKNOWN_OBJECT -> new UnknownServer(errorName, message);
            case HelperName.NAME_HAS_NO_OWNER -> new NameHasNoOwner(errorName, message);
            case HelperName.LIMITS_EXCEEDED -> new LimitsExceeded(errorName, message);
            case HelperName.NOT_SUPPORTED -> new NotSupported(errorName, message);
            default -> errorName.equals("org.freedesktop.DBus.Error.ServiceUnknown")
                    || errorName.startsWith("org.freedesktop.DBus.Error.Spawn.")
                    ? new NoHelper(errorName, "no Berth helper on the session bus (" + message
                            + "); `berth daemon` starts one")
                    : new BerthException(errorName, message);
        };
    }
}
