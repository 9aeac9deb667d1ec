package io.berth.tests.raw;

/** A call was answered with an error. */
public final class DBusError extends RuntimeException {
    private static final long serialVersionUID = 1;
    private final String name;

    DBusError(Message error) {
        super(error.errorName() + ": " + (error.signature().startsWith("s") ? error.arg() : ""));
        name = error.errorName();
    }

    public String name() {
        return name;
    }

    public String text() {
        return getMessage().substring(name.length() + 2);
    }
}
