package io.berth.tests.raw;

/** A D-Bus variant: a value with its signature. */
public record Variant(String signature, Object value) {
    public static Variant of(String value) {
        return new Variant("s", value);
    }

    public static Variant of(boolean value) {
        return new Variant("b", value);
    }
}
