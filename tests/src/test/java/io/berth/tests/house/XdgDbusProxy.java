package io.berth.tests.house;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** One filtering xdg-dbus-proxy process that is ready to be connected to. Closing ends it and removes its socket. */
public final class XdgDbusProxy implements AutoCloseable {
    private final Path socket;
    private final Process process;

    /**
     * Returns when {@code connect()} works.
     *
     * @param socket where it shall listen; its file must not exist
     * @param rules  words such as {@code --talk=NAME}
     */
    public XdgDbusProxy(String busAddress, Path socket, List<String> rules) {
        List<String> command = new ArrayList<>(List.of("xdg-dbus-proxy", "--fd=1", busAddress, socket.toString(), "--filter"));
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

    public Path socket() {
        return socket;
    }

    public long pid() {
        return process.pid();
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                throw new IllegalStateException("xdg-dbus-proxy does not end");
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
