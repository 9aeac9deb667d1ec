package io.berth.transport;

import org.freedesktop.dbus.connections.BusAddress;
import org.freedesktop.dbus.connections.config.TransportConfig;
import org.freedesktop.dbus.connections.transports.AbstractTransport;
import org.freedesktop.dbus.spi.transport.ITransportProvider;

/**
 * Answers for addresses of {@link BusLocation#toBusAddress}. It has a bus type of its own, because dbus-java refuses to
 * start when two transports on the class path claim the same.
 */
public final class UnixFdTransportProvider implements ITransportProvider {
    static final String BUS_TYPE = "unixfd";

    @Override
    public String getTransportName() {
        return "unix sockets with file descriptors";
    }

    @Override
    public String getSupportedBusType() {
        return BUS_TYPE;
    }

    @Override
    public AbstractTransport createTransport(BusAddress address, TransportConfig config) {
        return new UnixFdTransport(address, config);
    }

    /** @return null: this transport only connects */
    @Override
    public String createDynamicSessionAddress(boolean listening) {
        return null;
    }
}
