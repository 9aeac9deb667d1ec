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
 * sandbox starts the app by way of berth-connector (a C program of the same build), which inherits the sockets where the
 * helper asks, and the real buses, that are covered there. The same program waits for them outside, at the gate through which
 * the sandbox is started. Closing it closes what has been given away, and what has not. For one thread.
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

    static SandboxConnector open() throws IOException {
        Path program = NativeFiles.directory().resolve("berth-connector").toAbsolutePath();
        if (!Files.isExecutable(program)) {
            throw new IOException(program + " is not there, which belongs to this command and connects apps to the bus from their sandbox"
                    + " (--env-only does without)");
        }
        return new SandboxConnector(program, HandOver.open());
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
        List<String> line = new ArrayList<>(List.of(program.toString()));
        buses.forEach(bus -> line.add(bus.location.toString()));
        line.add("--");
        line.addAll(command);
        return line;
    }

    /** Starts the command, which will inherit what the connector inside it needs, and holds it at the gate. */
    Process start(ProcessBuilder builder) throws IOException {
        List<String> line = new ArrayList<>(List.of(program.toString(), "--gate"));
        line.addAll(builder.command());
        return handOver.start(builder.command(line));
    }

    /** Opens the gate. @throws IOException when nobody is there any more */
    void give() throws IOException {
        List<Integer> fds = new ArrayList<>();
        buses.forEach(bus -> {
            fds.add(bus.pair.sandboxEnd());
            bus.fd.ifPresent(fds::add);
        });
        handOver.give(fds.stream().mapToInt(Integer::intValue).toArray());
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
