package io.berth.dbus;

import io.berth.api.AccessRule;
import java.util.ArrayList;
import java.util.List;
import org.freedesktop.dbus.DBusPath;
import org.freedesktop.dbus.Struct;
import org.freedesktop.dbus.annotations.Position;
import org.freedesktop.dbus.types.UInt32;

/** An {@link AccessRule} as dbus-java marshals it: {@code (usos)}. */
public final class AccessRuleStruct extends Struct {
    @Position(0)
    private final UInt32 flags;
    @Position(1)
    private final String busName;
    @Position(2)
    private final DBusPath objectPath;
    @Position(3)
    private final String interfaceName;

    public AccessRuleStruct(UInt32 flags, String busName, DBusPath objectPath, String interfaceName) {
        this.flags = flags;
        this.busName = busName;
        this.objectPath = objectPath;
        this.interfaceName = interfaceName;
    }

    public static AccessRuleStruct of(AccessRule rule) {
        return new AccessRuleStruct(new UInt32(Integer.toUnsignedLong(rule.flags())), rule.busName(),
                new DBusPath(rule.objectPath()), rule.interfaceName());
    }

    public static List<AccessRuleStruct> of(List<AccessRule> rules) {
        return rules.stream().map(AccessRuleStruct::of).toList();
    }

    /** @throws IllegalArgumentException when the rule is malformed */
    public AccessRule toRule() {
        return new AccessRule(flags.intValue(), busName, objectPath.getPath(), interfaceName);
    }

    /**
     * Reads {@code a(usos)} as dbus-java hands it out when it does not know the struct, as the value of a property.
     *
     * @param value a list of {@code Object[]}
     * @throws IllegalArgumentException when the value is something else, or a rule is malformed
     */
    public static List<AccessRule> read(Object value) {
        if (!(value instanceof List<?> list)) {
            throw new IllegalArgumentException("not a list of access rules: " + value);
        }
        List<AccessRule> rules = new ArrayList<>(list.size());
        for (Object element : list) {
            if (!(element instanceof Object[] fields) || fields.length != 4 || !(fields[0] instanceof UInt32 flags)
                    || !(fields[1] instanceof String name) || !(fields[2] instanceof DBusPath path)
                    || !(fields[3] instanceof String interfaceName)) {
                throw new IllegalArgumentException("not an access rule (usos): " + element);
            }
            rules.add(new AccessRule(flags.intValue(), name, path.getPath(), interfaceName));
        }
        return rules;
    }
}
