package io.berth.transport;

import java.nio.channels.SocketChannel;
import org.freedesktop.dbus.spi.message.IMessageReader;
import org.freedesktop.dbus.spi.message.IMessageWriter;
import org.freedesktop.dbus.spi.message.ISocketProvider;

/**
 * Reader and writer for a {@link UnixChannel}; other channels are left to other providers. dbus-java makes one of these
 * per transport and finds it as a service.
 */
public final class UnixFdSocketProvider implements ISocketProvider {
    private boolean agreed;

    /** @return null for a channel of another transport */
    @Override
    public IMessageReader createReader(SocketChannel channel) {
        return channel instanceof UnixChannel unix ? new FdMessageReader(unix) : null;
    }

    /** @return null for a channel of another transport */
    @Override
    public IMessageWriter createWriter(SocketChannel channel) {
        return channel instanceof UnixChannel unix ? new FdMessageWriter(unix, agreed) : null;
    }

    @Override
    public void setFileDescriptorSupport(boolean support) {
        agreed = support;
    }

    @Override
    public boolean isFileDescriptorPassingSupported() {
        return agreed;
    }
}
