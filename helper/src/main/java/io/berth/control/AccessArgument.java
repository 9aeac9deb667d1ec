package io.berth.control;

import io.berth.api.AccessRule;
import io.berth.dbus.AccessRuleStruct;
import io.berth.dbus.HelperName;
import java.util.List;

/** Access rules as the argument of a call: how many there may be. What a rule looks like is checked by {@link AccessRule}. */
final class AccessArgument {
    private final int largest;

    /** @param largest rules that one server may have */
    AccessArgument(int largest) {
        this.largest = largest;
    }

    /**
     * @param value {@code a(usos)} as dbus-java unpacks it
     * @throws ControlException         when there are too many
     * @throws IllegalArgumentException naming what is malformed
     */
    List<AccessRule> read(Object value) {
        if (value instanceof List<?> list && list.size() > largest) {
            throw new ControlException(HelperName.LIMITS_EXCEEDED, list.size() + " access rules; a server may have " + largest);
        }
        return AccessRuleStruct.read(value);
    }
}
