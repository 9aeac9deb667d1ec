package io.berth.policy.apparmor;

import java.util.Locale;
import java.util.Optional;

/** What a rule is about and a query asks for (apparmor.d(5), "DBus rules"). */
public enum Permission {
    SEND(6),
    RECEIVE(6),
    BIND(2),
    EAVESDROP(1);

    /** All four. */
    static final int ALL = 0xf;
    static final int MESSAGE = SEND.bit() | RECEIVE.bit();

    private final int fields;

    Permission(int fields) {
        this.fields = fields;
    }

    /** How many of the {@link Field}s, from the first on, say whether a rule applies: the others do not count. */
    int fields() {
        return fields;
    }

    int bit() {
        return 1 << ordinal();
    }

    /** The word of today's language. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The permission of a word, {@code read} and {@code write} not among them. */
    public static Optional<Permission> findByWord(String word) {
        for (Permission permission : values()) {
            if (permission.word().equals(word)) {
                return Optional.of(permission);
            }
        }
        return Optional.empty();
    }

    /** The words of a set of bits, in the order of this type, separated by {@code separator}. */
    static String words(int bits, String separator) {
        StringBuilder words = new StringBuilder();
        for (Permission permission : values()) {
            if ((bits & permission.bit()) != 0) {
                words.append(words.isEmpty() ? "" : separator).append(permission.word());
            }
        }
        return words.toString();
    }
}
