package io.berth.transport;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.util.OptionalLong;
import org.freedesktop.dbus.connections.BusAddress;
import org.freedesktop.dbus.connections.SASL;
import org.freedesktop.dbus.connections.config.TransportConfig;
import org.freedesktop.dbus.connections.transports.AbstractTransport;

/**
 * Connects to a bus over a unix socket and asks it for file descriptor passing. Authenticates as EXTERNAL with the
 * numeric user id, the only form that every bus takes. Closes its channel; reading and writing are
 * {@link FdMessageReader}'s and {@link FdMessageWriter}'s.
 */
final class UnixFdTransport extends AbstractTransport {
    private UnixChannel channel;

    UnixFdTransport(BusAddress address, TransportConfig config) {
        super(address, config);
        getSaslConfig().setAuthMode(SASL.AUTH_EXTERNAL);
        getSaslConfig().setSaslUid(OptionalLong.of(NativeSockets.userId()));
    }

    @Override
    protected boolean hasFileDescriptorSupport() {
        return true;
    }

    @Override
    protected SocketChannel connectImpl() throws IOException {
        channel = UnixChannel.connect(BusLocation.of(getAddress()));
        return channel;
    }

    @Override
    protected SocketChannel acceptImpl() throws IOException {
        throw new IOException("this transport only connects");
    }

    @Override
    protected void bindImpl() throws IOException {
        throw new IOException("this transport only connects");
    }

    @Override
    protected boolean isBound() {
        return false;
    }

    @Override
    protected void closeTransport() throws IOException {
        if (channel != null) {
            channel.close();
        }
    }
}
