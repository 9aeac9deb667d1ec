package io.berth.policy.apparmor;

import java.util.Locale;
import java.util.Optional;

/** What a query tells of a message or a name, in the order in which AppArmor puts it together (parser/dbus.cc). */
public enum Field {
    BUS,
    NAME,
    LABEL,
    PATH,
    INTERFACE,
    MEMBER;

    /** The key in a rule. */
    public String key() {
        return name().toLowerCase(Locale.ROOT);
    }

    static Optional<Field> findByKey(String key) {
        for (Field field : values()) {
            if (field.key().equals(key)) {
                return Optional.of(field);
            }
        }
        return Optional.empty();
    }
}
