package io.berth.policy.apparmor;

import io.berth.api.AccessFlags;
import io.berth.api.AccessRule;
import io.berth.api.RuleText;
import java.util.List;

/**
 * Writes the access rules of one bus in today's language, as xdg-dbus-proxy means them: its call rules are about unicast
 * signals too. Broadcasts cannot be written, because AppArmor tells senders by their unique names alone.
 */
final class ApparmorConverter {
    private static final String DRIVER = " peer=(name=org.freedesktop.DBus),";

    private final String bus;
    private final PolicyConversion result;

    ApparmorConverter(String bus, PolicyConversion result) {
        this.bus = bus;
        this.result = result;
    }

    void convert(List<AccessRule> rules) {
        boolean owns = rules.stream().anyMatch(rule -> rule.has(AccessFlags.OWN));
        result.line("dbus send bus=" + bus + " interface=org.freedesktop.DBus member=\"{Hello,AddMatch,RemoveMatch,GetId"
                + (owns ? ",RequestName,ReleaseName" : "") + "}\"" + DRIVER);
        result.line("dbus send bus=" + bus + " interface=\"org.freedesktop.DBus.{Peer,Introspectable}\"" + DRIVER);
        rules.forEach(this::convert);
        result.lose("bus " + bus, "calls and unicast signals from others are left out; «dbus receive bus=" + bus
                + ",» lets them in, and every broadcast too");
        result.lose("bus " + bus, "questions to the bus about names are left out, since its answers would not be filtered; «dbus send bus=" + bus
                + " interface=org.freedesktop.DBus member=\"{NameHasOwner,GetNameOwner,ListNames,StartServiceByName}\"" + DRIVER
                + "» allows some of them about every name");
        result.note("AppArmor compares a name with the message's header: what is addressed to the unique name of its owner is another matter");
    }

    private void convert(AccessRule rule) {
        String word = RuleText.print(rule);
        if (rule.has(AccessFlags.NAME_IS_APP)) {
            result.lose(word, "left out: AppArmor does not know apps by their identifiers");
            return;
        }
        String name = rule.busName().isEmpty() ? "" : rule.busName() + (rule.has(AccessFlags.NAME_IS_SUBTREE) ? "{,.*}" : "");
        String quoted = name.endsWith("}") ? "\"" + name + "\"" : name;
        if (rule.has(AccessFlags.OWN)) {
            result.line("dbus bind bus=" + bus + (name.isEmpty() ? "" : " name=" + quoted) + ",");
        }
        if ((rule.flags() & (AccessFlags.CALL | AccessFlags.SIGNAL)) != 0) {
            result.line("dbus send bus=" + bus + narrowing(rule) + (name.isEmpty() ? "" : " peer=(name=" + quoted + ")") + ",");
        }
        if (rule.has(AccessFlags.BROADCAST)) {
            result.lose(word, "broadcasts are left out; «dbus receive bus=" + bus + narrowing(rule) + ",» allows them from everybody, and calls");
        }
        if ((rule.flags() & (AccessFlags.CALL | AccessFlags.SIGNAL | AccessFlags.OWN | AccessFlags.BROADCAST)) == 0) {
            result.lose(word, "left out: AppArmor has no rules about seeing names");
        }
    }

    private static String narrowing(AccessRule rule) {
        boolean subtree = rule.has(AccessFlags.PATH_IS_SUBTREE);
        String path = !subtree ? " path=" + rule.objectPath() : rule.objectPath().equals("/") ? "" : " path=\"" + rule.objectPath() + "{,/**}\"";
        String one = rule.interfaceName();
        if (one.isEmpty()) {
            return path;
        }
        int dot = one.lastIndexOf('.');
        return path + (rule.has(AccessFlags.INTERFACE_HAS_MEMBER)
                ? " interface=" + one.substring(0, dot) + " member=" + one.substring(dot + 1) : " interface=" + one);
    }
}
