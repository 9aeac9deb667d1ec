package io.berth.api;

/**
 * The grammars of the names that D-Bus knows, from "Valid Names" and "Valid Object Paths" of the D-Bus specification.
 *
 * <p>Every check returns its argument or throws {@link IllegalArgumentException} with a text that quotes the value and
 * says what was expected. All names are ASCII, so characters, bytes and columns are the same.
 */
public final class NameGrammar {
    /** Longest bus, interface or member name, in bytes. */
    public static final int MAXIMUM_LENGTH = 255;

    private NameGrammar() {
    }

    /** A unique name such as {@code :1.42} or a well-known name such as {@code org.example.Foo}. */
    public static String checkBusName(String name) {
        boolean unique = name.startsWith(":");
        if (!isDotted(unique ? name.substring(1) : name, true, unique) || name.length() > MAXIMUM_LENGTH) {
            throw rejected("bus name", name,
                    "a name such as org.example.Foo or :1.42 of at most 255 characters, at least two elements of A-Z a-z 0-9 _ -"
                            + " joined by dots (elements of well-known names do not start with a digit)");
        }
        return name;
    }

    /** A bus name that is not unique. */
    public static String checkWellKnownName(String name) {
        if (name.startsWith(":")) {
            throw rejected("bus name", name, "a well-known name such as org.example.Foo, not a unique name");
        }
        return checkBusName(name);
    }

    public static String checkInterface(String name) {
        if (!isDotted(name, false, false) || name.length() > MAXIMUM_LENGTH) {
            throw rejected("interface", name,
                    "a name such as org.example.Iface of at most 255 characters, at least two elements of A-Z a-z 0-9 _"
                            + " joined by dots, none starting with a digit");
        }
        return name;
    }

    /** An interface, a dot and a member of it. */
    public static String checkInterfaceWithMember(String name) {
        int dot = name.lastIndexOf('.');
        if (dot < 0 || !isInterface(name.substring(0, dot)) || !isMember(name.substring(dot + 1))) {
            throw rejected("interface with member", name, "an interface, a dot and a method or signal, such as org.example.Iface.Method");
        }
        return name;
    }

    public static boolean isInterface(String name) {
        return name.length() <= MAXIMUM_LENGTH && isDotted(name, false, false);
    }

    public static boolean isMember(String name) {
        return name.length() <= MAXIMUM_LENGTH && isElement(name, 0, name.length(), false, false);
    }

    public static String checkObjectPath(String path) {
        if (!isObjectPath(path)) {
            throw rejected("object path", path, "/ or elements of A-Z a-z 0-9 _ each after one slash, such as /org/example/Foo");
        }
        return path;
    }

    public static boolean isObjectPath(String path) {
        if (path.equals("/")) {
            return true;
        }
        if (!path.startsWith("/")) {
            return false;
        }
        for (int start = 1, end; ; start = end + 1) {
            end = path.indexOf('/', start);
            int stop = end < 0 ? path.length() : end;
            if (!isElement(path, start, stop, false, true)) {
                return false;
            }
            if (end < 0) {
                return true;
            }
        }
    }

    /** The value in quotes with control characters escaped, so that an error text stays one line. */
    static String quote(String value) {
        StringBuilder text = new StringBuilder(value.length() + 2).append('\'');
        int shown = Math.min(value.length(), 2 * MAXIMUM_LENGTH);
        for (int i = 0; i < shown; i++) {
            char c = value.charAt(i);
            boolean paired = Character.isHighSurrogate(c) && i + 1 < shown && Character.isLowSurrogate(value.charAt(i + 1));
            if (paired) {
                text.append(c).append(value.charAt(++i));
            } else if (Character.isISOControl(c) || Character.isSurrogate(c) || Character.getType(c) == Character.FORMAT
                    || c == '\u2028' || c == '\u2029') {
                text.append(String.format("\\u%04x", (int) c));
            } else {
                text.append(c);
            }
        }
        return text.append(shown < value.length() ? "…'" : "'").toString();
    }

    static IllegalArgumentException rejected(String what, String value, String expected) {
        return new IllegalArgumentException(what + " " + quote(value) + ": expected " + expected);
    }

    private static boolean isDotted(String name, boolean hyphens, boolean leadingDigits) {
        int elements = 0;
        for (int start = 0, end; ; start = end + 1) {
            end = name.indexOf('.', start);
            int stop = end < 0 ? name.length() : end;
            if (!isElement(name, start, stop, hyphens, leadingDigits)) {
                return false;
            }
            elements++;
            if (end < 0) {
                return elements >= 2;
            }
        }
    }

    private static boolean isElement(String text, int start, int stop, boolean hyphens, boolean leadingDigits) {
        if (start == stop) {
            return false;
        }
        for (int i = start; i < stop; i++) {
            char c = text.charAt(i);
            boolean letter = c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c == '_' || hyphens && c == '-';
            boolean digit = c >= '0' && c <= '9' && (leadingDigits || i > start);
            if (!letter && !digit) {
                return false;
            }
        }
        return true;
    }
}
