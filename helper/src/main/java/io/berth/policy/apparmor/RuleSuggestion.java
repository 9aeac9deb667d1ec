package io.berth.policy.apparmor;

/** Writes the rule that would allow just one thing, for whoever wants to add it to a policy of the same dialect. */
public final class RuleSuggestion {
    private RuleSuggestion() {
    }

    /**
     * A message with exactly these fields; those that are empty are left open.
     *
     * @param permission SEND or RECEIVE
     * @param label      of the peer; the language of 2011 cannot name it
     */
    public static String message(Dialect dialect, Permission permission, String bus, String path, String interfaceName, String member,
            String name, String label) {
        if (dialect == Dialect.PROPOSED_2011) {
            return rule2011(bus, name, pair(" path", path) + pair(" interface", interfaceName) + pair(" method", member), permission.word());
        }
        String peer = pair("name", name) + (name.isEmpty() || label.isEmpty() ? "" : ", ") + pair("label", label);
        return "dbus " + permission.word() + pair(" bus", bus) + pair(" path", path) + pair(" interface", interfaceName) + pair(" member", member)
                + (peer.isEmpty() ? "" : " peer=(" + peer + ")") + ",";
    }

    public static String bind(Dialect dialect, String bus, String name) {
        return dialect == Dialect.PROPOSED_2011 ? rule2011(bus, name, "", "acquire")
                : "dbus bind" + pair(" bus", bus) + pair(" name", name) + ",";
    }

    private static String rule2011(String bus, String name, String conditions, String word) {
        return "dbus" + (bus.equals("session") || bus.equals("system") ? " " + bus : "") + pair(" address", name) + conditions + " " + word + ",";
    }

    private static String pair(String key, String text) {
        return text.isEmpty() ? "" : key + "=" + RuleWriter.literal(text);
    }
}
