package io.berth.cli;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The unix sockets that somebody listens on in one network namespace (/proc/PID/net/unix), and who that is. */
final class UnixListeners {
    /** __SO_ACCEPTCON of linux/net.h. */
    private static final long LISTENS = 0x10000;

    /** @param name a path, or {@code @} and an abstract name */
    private record Listener(String inode, String name) {
    }

    private final List<Listener> listeners = new ArrayList<>();

    UnixListeners(ProcessView process) {
        for (String line : process.read("net/unix").split("\n")) {
            String[] fields = line.strip().split(" +", 8);
            if (fields.length == 8 && fields[3].matches("[0-9A-Fa-f]{8}") && (Long.parseLong(fields[3], 16) & LISTENS) != 0) {
                listeners.add(new Listener(fields[6], fields[7]));
            }
        }
    }

    /** Abstract names, without the {@code @}. */
    List<String> abstractNames() {
        return listeners.stream().map(Listener::name).filter(name -> name.startsWith("@")).map(name -> name.substring(1)).distinct().toList();
    }

    /** The process that listens on this socket file; empty when we cannot see it. */
    Optional<Long> processOf(ProcessView.FileId file) {
        return listeners.stream().filter(listener -> listener.name().startsWith("/") && ProcessView.self().find(listener.name()).equals(Optional.of(file)))
                .findFirst().flatMap(listener -> holder("socket:[" + listener.inode() + "]"));
    }

    private static Optional<Long> holder(String socket) {
        try (DirectoryStream<Path> processes = Files.newDirectoryStream(Path.of("/proc"), "[1-9]*")) {
            for (Path process : processes) {
                if (holds(process, socket)) {
                    return Optional.of(Long.parseLong(process.getFileName().toString()));
                }
            }
        } catch (IOException noProc) {
            return Optional.empty();
        }
        return Optional.empty();
    }

    private static boolean holds(Path process, String socket) {
        try (DirectoryStream<Path> fds = Files.newDirectoryStream(process.resolve("fd"))) {
            for (Path fd : fds) {
                if (Files.readSymbolicLink(fd).toString().equals(socket)) {
                    return true;
                }
            }
        } catch (IOException | DirectoryIteratorException notOursOrGone) {
            return false;
        }
        return false;
    }
}
