package io.berth.tests.peer;

import io.berth.tests.house.PrivateBus;
import io.berth.tests.raw.RawClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** One xdg-dbus-proxy process, as Debian packages it; it ends when closed. */
final class ProxyMediator implements Mediator {
    private final Path socket;
    private final Process process;

    /** @param socket where it shall listen; its file must not exist */
    ProxyMediator(PrivateBus bus, Path socket, List<String> rules) {
        List<String> command = new ArrayList<>(List.of("xdg-dbus-proxy", "--fd=1", bus.address(), socket.toString(), "--filter"));
        command.addAll(rules);
        try {
            this.socket = socket;
            this.process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
            if (process.getInputStream().read() < 0) {
                throw new IllegalStateException("xdg-dbus-proxy does not start: " + command);
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    @Override
    public RawClient connect() {
        return RawClient.connect(socket);
    }

    /** It hears of changes on the connection of its client, in the order of the bus: the client's own round trip is enough. */
    @Override
    public void settle() {
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                throw new AssertionError("xdg-dbus-proxy does not end");
            }
            // it leaves its socket
            Files.deleteIfExists(socket);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
