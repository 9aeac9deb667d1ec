package io.berth.cli;

import io.berth.client.ServerStatus;
import io.berth.transport.BusLocation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What a process in a sandbox can still reach of the buses, and whom services take it for. Only looks. */
final class SandboxCheck {
    private static final String SYSTEM_BUS = "/run/dbus/system_bus_socket";

    private final ProcessView host = ProcessView.self();
    private final ProcessView sandbox;
    private final long pid;
    private final Map<String, String> environment;
    private final List<ServerStatus> servers;
    private final String runtimeDirectory;
    private final SideDoors doors;
    private final List<Finding> findings = new ArrayList<>();

    /**
     * @param environment ours: it says where the real buses are
     * @param servers     those of the helper; empty when there is none
     */
    SandboxCheck(long pid, Map<String, String> environment, List<ServerStatus> servers) {
        this.sandbox = ProcessView.of(pid);
        this.pid = pid;
        this.environment = environment;
        this.servers = servers;
        this.runtimeDirectory = environment.getOrDefault("XDG_RUNTIME_DIR", "/run/user/" + sandbox.userId());
        this.doors = new SideDoors(Path.of(runtimeDirectory), environment, List.of());
    }

    List<Finding> run() {
        if (sandbox.shares("mnt", host)) {
            findings.add(Finding.bad("sandbox", "process " + pid + " (" + sandbox.name() + ") is in none: it has the mount namespace of this"
                    + " shell and reaches whatever this user reaches"));
        } else {
            findings.add(Finding.ok("sandbox", "process " + pid + " (" + sandbox.name() + ") has a mount namespace of its own"));
        }
        List<BusLocation> session = locations(true);
        List<BusLocation> system = locations(false);
        checkBus("session bus", session, List.of(runtimeDirectory + "/bus"));
        checkBus("system bus", system, List.of(SYSTEM_BUS));
        checkSide();
        checkServices();
        checkOtherApps();
        checkAbstract(session, system);
        checkProcesses();
        checkIdentity();
        return findings;
    }

    private List<BusLocation> locations(boolean session) {
        try {
            return session ? BusLocation.session(environment) : BusLocation.system(environment);
        } catch (IllegalArgumentException none) {
            return List.of();
        }
    }

    private void checkBus(String subject, List<BusLocation> real, List<String> usual) {
        Set<String> sockets = new LinkedHashSet<>(usual);
        real.stream().filter(bus -> !bus.isAbstract()).forEach(bus -> sockets.add(bus.name()));
        List<String> places = places(sockets);
        findings.add(places.isEmpty() ? Finding.ok(subject, "the real one cannot be reached by path")
                : Finding.bad(subject, "the real one can be reached at " + String.join(", ", places)));
    }

    /** Where files of the host appear inside. */
    private List<String> places(Set<String> files) {
        Set<String> places = new LinkedHashSet<>();
        for (String file : files) {
            try {
                places.addAll(sandbox.placesOf(host, Path.of(file).toRealPath().toString()));
            } catch (IOException notThere) {
                // nothing to be reached
            }
        }
        return List.copyOf(places);
    }

    private void checkSide() {
        List<String> places = places(doors.all().stream().map(Path::toString).collect(Collectors.toSet()));
        findings.add(places.isEmpty() ? Finding.ok("side doors", "no socket of systemd, the accessibility bus, proxies or input methods can be reached")
                : Finding.bad("side doors", "sockets of other daemons and apps can be reached: " + String.join(", ", places)));
    }

    /** Whether a file of the app's could have a program started outside. */
    private void checkServices() {
        Set<String> mounts = sandbox.mounts().stream().map(ProcessView.MountLine::point).collect(Collectors.toSet());
        List<Path> open = new ServiceDirectories(environment).places().stream().filter(place -> canWrite(place)
                || canWrite(place.resolve("services")) || canWrite(place.resolve("user"))
                || !ServiceDirectories.weak(place, this::canWrite, at -> mounts.contains(at.toString())).isEmpty()).toList();
        findings.add(open.isEmpty() ? Finding.ok("started services", "no file says what is started for a call that could be put there from inside")
                : Finding.bad("started services", "files can be put there that have the bus start a program outside, for any call to its name: "
                        + open.stream().map(Path::toString).collect(Collectors.joining(", "))));
    }

    /** Whether this is the host's directory and can be written inside, as far as we could (a read-only mount is so for everybody). */
    private boolean canWrite(Path directory) {
        try {
            Path inside = sandbox.resolve(directory.toString());
            return Files.isWritable(inside) && sandbox.find(directory.toString()).equals(host.find(directory.toString()));
        } catch (IOException notThere) {
            return false;
        }
    }

    /** One's own is what is found where an app looks for its buses; when nothing is, one may be mounted elsewhere. */
    private void checkOtherApps() {
        Set<Optional<ProcessView.FileId>> own = busPlaces().stream().map(sandbox::find).collect(Collectors.toSet());
        Set<String> others = new LinkedHashSet<>();
        boolean hasOwn = false;
        for (ServerStatus server : servers) {
            boolean isOwn = own.contains(host.find(server.socketPath())) && host.find(server.socketPath()).isPresent();
            hasOwn |= isOwn;
            for (String place : places(Set.of(server.socketPath()))) {
                findings.add(Finding.note("Berth", place + " is server " + server.id() + " of " + server.app().id() + " (" + server.bus() + " bus)"));
                if (!isOwn) {
                    others.add(place);
                }
            }
        }
        if (others.size() > (hasOwn ? 0 : 1)) {
            findings.add(Finding.bad("other apps", "the sockets of other apps can be reached: " + String.join(", ", others)));
        }
    }

    private void checkAbstract(List<BusLocation> session, List<BusLocation> system) {
        if (!sandbox.shares("net", host)) {
            findings.add(Finding.ok("abstract sockets", "its network namespace is its own: none of the host can be reached"));
            return;
        }
        List<String> names = new UnixListeners(sandbox).abstractNames();
        List<String> buses = doors.abstractSockets(names, Stream.concat(session.stream(), system.stream()).toList()).stream()
                .map(BusLocation::name).filter(names::contains).map(name -> "@" + name).toList();
        if (!buses.isEmpty()) {
            findings.add(Finding.bad("abstract sockets", "it shares the network namespace; these look like buses, or like daemons that start programs: "
                    + String.join(", ", buses)));
        } else if (!names.isEmpty()) {
            findings.add(Finding.note("abstract sockets", "it shares the network namespace; none of the " + names.size()
                    + " there looks like a bus"));
        } else {
            findings.add(Finding.ok("abstract sockets", "it shares the network namespace, in which there are none"));
        }
    }

    private void checkProcesses() {
        if (!seesOurProcesses()) {
            findings.add(Finding.ok("processes", "those outside cannot be seen"));
        } else if (sandbox.shares("user", host)) {
            findings.add(Finding.bad("processes", "those outside can be seen and entered: /proc/PID/root of another process of this user"
                    + " leads to the real sockets"));
        } else {
            findings.add(Finding.note("processes", "those outside can be seen, but another user namespace keeps it from entering them"));
        }
    }

    /** Whether the /proc inside knows this very process by its number. */
    private boolean seesOurProcesses() {
        String self = Long.toString(ProcessHandle.current().pid());
        try {
            Optional<String> inside = ProcessView.startOf(sandbox.resolve("/proc/" + self + "/stat"));
            return inside.isPresent() && inside.equals(ProcessView.startOf(Path.of("/proc/self/stat")));
        } catch (IOException noProc) {
            return false;
        }
    }

    /** Who listens where the app looks for its buses, because that one is whom services see. */
    private void checkIdentity() {
        UnixListeners listeners = new UnixListeners(host);
        for (String place : busPlaces()) {
            sandbox.find(place).flatMap(listeners::processOf).ifPresent(process -> tellIdentity(place, process));
        }
    }

    /** Where a program inside looks for its buses. */
    private Set<String> busPlaces() {
        Map<String, String> variables = sandbox.environment();
        Set<String> looked = new LinkedHashSet<>();
        for (String name : List.of("DBUS_SESSION_BUS_ADDRESS", "DBUS_SYSTEM_BUS_ADDRESS")) {
            try {
                BusLocation.parse(variables.getOrDefault(name, "")).stream().filter(bus -> !bus.isAbstract()).forEach(bus -> looked.add(bus.name()));
            } catch (IllegalArgumentException none) {
                // it looks at the usual place
            }
        }
        looked.add(variables.getOrDefault("XDG_RUNTIME_DIR", runtimeDirectory) + "/bus");
        looked.add(SYSTEM_BUS);
        return looked;
    }

    private void tellIdentity(String place, long process) {
        String name = ProcessView.of(process).name();
        boolean berth = servers.stream().anyMatch(server -> sandbox.find(place).equals(host.find(server.socketPath())));
        if (berth) {
            findings.add(Finding.ok("identity", place + ": services that ask Berth learn the app; the bus itself, polkit and portals that look"
                    + " at the process see the helper, " + process));
        } else if (name.startsWith("xdg-dbus-proxy")) {
            findings.add(Finding.bad("identity", place + ": services see the proxy, process " + process + ", in place of the app"));
        }
    }
}
