package io.berth.tests.peer;

/** Match rules that an app may add. None is spelled as xdg-dbus-proxy spells its own, which it could then remove. */
enum MatchChoice {
    ALL("type='signal'"),
    INTERFACE("type='signal',interface='org.t.I'"),
    SENDER("type='signal',sender='org.t.A'"),
    PATH("type='signal',path_namespace='/a'"),
    OWNERS("type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged'"),
    ONE_OWNER("type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',member='NameOwnerChanged',arg0='org.t.B'"),
    OWNERS_BELOW("type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',arg0namespace='org.t.A'");

    private final String rule;

    MatchChoice(String rule) {
        this.rule = rule;
    }

    String rule() {
        return rule;
    }

    /** Whether it asks for the bus driver's signal about this name. */
    boolean wantsOwnerOf(String name) {
        return switch (this) {
            case ALL, OWNERS -> true;
            case ONE_OWNER -> name.equals("org.t.B");
            case OWNERS_BELOW -> name.equals("org.t.A") || name.startsWith("org.t.A.");
            default -> false;
        };
    }
}
