package io.berth.tests.peer;

import io.berth.tests.house.PrivateBus;
import io.berth.tests.house.XdgDbusProxy;
import io.berth.tests.raw.RawClient;
import java.nio.file.Path;
import java.util.List;

/** One xdg-dbus-proxy process, as Debian packages it; it ends when closed. */
final class ProxyMediator implements Mediator {
    private final XdgDbusProxy proxy;

    /** @param socket where it shall listen; its file must not exist */
    ProxyMediator(PrivateBus bus, Path socket, List<String> rules) {
        proxy = new XdgDbusProxy(bus.address(), socket, rules);
    }

    @Override
    public RawClient connect() {
        return RawClient.connect(proxy.socket());
    }

    /** It hears of changes on the connection of its client, in the order of the bus: the client's own round trip is enough. */
    @Override
    public void settle() {
    }

    @Override
    public void close() {
        proxy.close();
    }
}
