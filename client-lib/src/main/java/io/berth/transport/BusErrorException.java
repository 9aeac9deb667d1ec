package io.berth.transport;

/** An error message that came instead of a reply. */
public final class BusErrorException extends Exception {
    private final String errorName;

    /** @param errorName such as {@code org.freedesktop.DBus.Error.NameHasNoOwner} */
    public BusErrorException(String errorName, String text) {
        super(text);
        this.errorName = errorName;
    }

    public String errorName() {
        return errorName;
    }
}
