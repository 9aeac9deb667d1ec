package io.berth.cli;

import io.berth.main.NativeFiles;
import io.berth.transport.BusLocation;
import io.berth.transport.HandOver;
import io.berth.transport.SocketPair;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Has the buses of one run connected to from inside its sandbox, so that services find the app's own cgroup and root: the
 * sandbox starts the app by way of berth-connector (a C program of the same build), which comes for the sockets where the
 * helper asks and for the real buses, that are covered there. Closing it closes what has been given away, and what has not.
 * For one thread.
 */
final class SandboxConnector implements AutoCloseable {
    /** One bus; a socket in the abstract namespace needs no fd. */
    private record Bus(BusLocation location, SocketPair pair, Optional<Integer> fd) {
    }

    private final Path program;
    private final HandOver handOver;
    private final List<Bus> buses = new ArrayList<>();

    private SandboxConnector(Path program, HandOver handOver) {
        this.program = program;
        this.handOver = handOver;
    }

    /** @param runtimeDirectory which the sandbox sees too */
    static SandboxConnector open(Path runtimeDirectory) throws IOException {
        Path program = NativeFiles.directory().resolve("berth-connector").toAbsolutePath();
        if (!Files.isExecutable(program)) {
            throw new IOException(program + " is not there, which belongs to this command and connects apps to the bus from their sandbox"
                    + " (--env-only does without)");
        }
        return new SandboxConnector(program, HandOver.open(runtimeDirectory));
    }

    /**
     * One more bus.
     *
     * @param locations of which the first that is there counts
     * @return the end for its server; empty when none is there
     */
    Optional<SocketPair> add(List<BusLocation> locations) throws IOException {
        for (BusLocation location : locations) {
            if (location.isAbstract() || Files.exists(Path.of(location.name()))) {
                SocketPair pair = SocketPair.open();
                buses.add(new Bus(location, pair, location.isAbstract() ? Optional.empty() : Optional.of(HandOver.refer(Path.of(location.name())))));
                return Optional.of(pair);
            }
        }
        return Optional.empty();
    }

    /** The command line that starts another one inside the sandbox, with the connector beside it. */
    List<String> commandLine(List<String> command) {
        if (buses.isEmpty()) {
            return command;
        }
        List<String> line = new ArrayList<>(List.of(program.toString(), handOver.path().toString()));
        buses.forEach(bus -> line.add(bus.location.toString()));
        line.add("--");
        line.addAll(command);
        return line;
    }

    /** Gives the connector what it needs, unless the sandbox ends before it has come. */
    void give(Process sandbox) throws IOException {
        int[] fds = buses.stream().flatMap(bus -> List.of(bus.pair.sandboxEnd(), bus.fd.orElse(bus.pair.sandboxEnd())).stream())
                .mapToInt(Integer::intValue).toArray();
        while (fds.length > 0 && sandbox.isAlive() && !handOver.tryGive(fds)) {
            Thread.onSpinWait();
        }
    }

    @Override
    public void close() throws IOException {
        buses.forEach(bus -> {
            bus.pair.close();
            bus.fd.ifPresent(HandOver::forget);
        });
        buses.clear();
        handOver.close();
    }
}
