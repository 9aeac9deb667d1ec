package io.berth.tests.bench;

/** What stands between the apps and the bus. */
enum Contender {
    BARE_BUS("bare bus"),
    XDG_DBUS_PROXY("xdg-dbus-proxy"),
    BERTH("Berth");

    private final String label;

    Contender(String label) {
        this.label = label;
    }

    String label() {
        return label;
    }
}
