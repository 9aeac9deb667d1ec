package io.berth.cli;

import io.berth.api.AccessRule;
import io.berth.api.AppId;
import io.berth.client.BerthClient;
import io.berth.client.BerthException;
import io.berth.client.ContainerServer;
import io.berth.client.ServerBuilder;
import io.berth.transport.BusLocation;
import io.berth.transport.ProcessDescriptor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

@Command(name = "run", mixinStandardHelpOptions = true, versionProvider = Berth.Version.class,
        description = {"Run CMD with a session bus of its own that lets through what the rules say, and nothing else.",
            "With bubblewrap the app sees the whole host, but of the buses only its own sockets; files, the network and the"
                + " display stay open to it. Without bubblewrap only environment variables point it to its sockets.",
            "The system bus is hidden unless a --system option is given."},
        exitCodeListHeading = Berth.EXIT_CODES,
        exitCodeList = {"n:the exit status of CMD; 128+N when signal N ended it; 0 with --detach", "2:the command line is wrong",
            "125:berth failed before CMD started", "126:CMD cannot be executed", "127:there is no CMD"},
        footer = {"", "NAME: org.foo, org.foo.* (with all below it), :1.42, TYPE/APP_ID (any connection of that app), * (any)",
            "RULE: [*|IFACE.*|IFACE.MEMBER][@PATH|@PATH/*]",
            "", "  berth run --talk=org.freedesktop.Notifications --own=org.example.Editor.* -- editor file"})
final class RunCommand implements Callable<Integer> {
    private static final String DEFAULT_TYPE = "io.berth.Run";

    @ParentCommand
    private Berth berth;

    @Spec
    private CommandSpec spec;

    @Option(names = "--app-id", paramLabel = "ID", description = "App identifier; by default the name of the program.")
    private String appId;

    @Option(names = "--type", paramLabel = "TYPE", description = "Container type, a reverse-DNS name (default: ${DEFAULT-VALUE}).")
    private String type = DEFAULT_TYPE;

    @Mixin
    private RuleOptions session;

    @Mixin
    private SystemRuleOptions system;

    @Option(names = "--policy", paramLabel = "FILE", description = "In the place of rules, a policy in AppArmor's D-Bus language, which alone"
            + " decides; - for standard input.")
    private String policy;

    @Option(names = "--unrestricted", description = "Everything but what is never allowed; cannot go with rules of the same bus.")
    private boolean unrestricted;

    @Option(names = "--allow-host-escape", description = "Let rules on names that hand out the host have effect"
            + " (org.freedesktop.systemd1, org.freedesktop.Flatpak, org.freedesktop.portal.*, ...). A portal takes such an app for a program of the host.")
    private boolean allowHostEscape;

    @Option(names = "--unshare-net", description = "Give CMD a network namespace of its own: no network, and no socket without a path, such as"
            + " a bus or Upstart may have; needs bubblewrap.")
    private boolean ownNetwork;

    @Option(names = "--env-only", description = "Do not use bubblewrap, only environment variables.")
    private boolean environmentOnly;

    @Option(names = "--detach", description = "Return at once and print the identifiers of the servers, which end with the last"
            + " process of the app. It has no input; what it prints goes to berth's standard error.")
    private boolean detached;

    @Parameters(paramLabel = "CMD", arity = "1..*", description = "The program and its arguments.")
    private List<String> command;

    @Override
    public Integer call() throws InterruptedException {
        Access ofSession = checked("", unrestricted, session.rules(), policy);
        Access ofSystem = checked("system-", system.isUnrestricted(), system.rules(session.withoutFds()), system.policy());
        Program program = Program.find(command.get(0), System.getenv().getOrDefault("PATH", "/usr/local/bin:/usr/bin:/bin"));
        AppId app = appId(program);
        if (program.status() != 0) {
            berth.console().error(program.why());
            return program.status();
        }
        List<String> line = new ArrayList<>(command);
        line.set(0, program.path().toString());
        try (BerthClient client = BerthClient.connect();
                Servers servers = new Servers()) {
            Optional<Bubblewrap> bubblewrap = bubblewrap(client);
            AppProcess started;
            AppCgroup cgroup;
            try (SandboxConnector connector = bubblewrap.isEmpty() ? null : SandboxConnector.open()) {
                servers.session = open(client, app, "session", connector, ofSession);
                if (system.isWanted()) {
                    servers.system = open(client, app, "system", connector, ofSystem);
                }
                started = start(bubblewrap, connector, AppSocket.of(servers.session), Optional.ofNullable(servers.system).map(AppSocket::of), line);
                cgroup = release(started, servers, app);
            }
            if (detached) {
                servers.leave();
                return 0;
            }
            int status = started.await();
            cgroup.remove();
            return status;
        } catch (BerthException | FailureException | IOException | UncheckedIOException | IllegalArgumentException failure) {
            berth.console().error(failure.getMessage());
            return ExitStatus.NOT_STARTED;
        }
    }

    /** Lets the app begin once it is where it belongs, and the helper knows. */
    private AppCgroup release(AppProcess started, Servers servers, AppId app) throws IOException, InterruptedException {
        try {
            AppCgroup cgroup = AppCgroup.enter(started.process(), app, System.getenv());
            handOver(servers, started.process(), cgroup);
            if (detached) {
                servers.identifiers().forEach(berth.console()::line); // before anything that the app may print
            }
            started.release();
            return cgroup;
        } catch (IOException | InterruptedException | RuntimeException failure) {
            started.abandon();
            throw failure;
        }
    }

    /** In the foreground this process ends the servers anyway. */
    private void handOver(Servers servers, Process process, AppCgroup cgroup) throws IOException {
        String why = cgroup.why();
        if (cgroup.exists()) {
            try {
                servers.addCgroup(cgroup.path());
                return;
            } catch (BerthException refused) {
                why = refused.getMessage();
            }
        }
        if (detached) {
            servers.addProcess(process.pid());
            berth.console().error("note: no cgroup tells of the app's end (" + why + "): its servers end with its first process,"
                    + " whatever other processes it leaves");
        }
    }

    /** What an app may do on one bus. @param policy a file; null for none */
    private record Access(boolean everything, List<AccessRule> rules, String policy) {
    }

    private Access checked(String prefix, boolean everything, List<AccessRule> rules, String policyFile) {
        if (everything && !rules.isEmpty()) {
            throw new ParameterException(spec.commandLine(), "--" + prefix + "unrestricted cannot go together with rules: " + rules.get(0));
        }
        if (policyFile != null && (everything || !rules.isEmpty())) {
            throw new ParameterException(spec.commandLine(), "--" + prefix + "policy takes the place of rules and of --" + prefix + "unrestricted");
        }
        return new Access(everything, rules, policyFile);
    }

    private AppId appId(Program program) {
        try {
            return new AppId(type, appId != null ? appId : Path.of(command.get(0)).getFileName().toString());
        } catch (IllegalArgumentException malformed) {
            throw new ParameterException(spec.commandLine(), malformed.getMessage());
        }
    }

    /** @param connector null for none */
    private ContainerServer open(BerthClient client, AppId app, String bus, SandboxConnector connector, Access access)
            throws IOException {
        ServerBuilder builder = client.server(app.type(), app.id()).bus(bus).allow(access.rules);
        if (connector != null) {
            Map<String, String> environment = System.getenv();
            List<BusLocation> locations = bus.equals("session") ? BusLocation.session(environment) : BusLocation.system(environment);
            // from a network namespace of its own the app's process reaches no socket without a path, so there the helper connects
            connector.add(locations.stream().filter(location -> !ownNetwork || !location.isAbstract()).toList()).ifPresent(builder::connector);
        }
        if (access.policy != null) {
            builder.policy(PolicyFile.load(access.policy, app));
        }
        if (access.everything) {
            builder.unrestricted();
        }
        if (allowHostEscape) {
            builder.allowHostEscape();
        }
        return detached ? builder.openDetached() : builder.open();
    }

    /** Empty to go without; what that means has been said when the servers are there. */
    private Optional<Bubblewrap> bubblewrap(BerthClient client) {
        Map<String, String> environment = System.getenv();
        Optional<Path> program = environmentOnly ? Optional.empty() : Bubblewrap.find();
        if (program.isEmpty()) {
            if (ownNetwork) {
                throw new FailureException("--unshare-net needs bubblewrap" + (environmentOnly ? ", which --env-only goes without" : ""));
            }
            return Optional.empty();
        }
        Path runtimeDirectory = Bubblewrap.runtimeDirectory(environment).orElseThrow(() -> new IllegalArgumentException(
                "XDG_RUNTIME_DIR is '" + environment.getOrDefault("XDG_RUNTIME_DIR", "") + "': expected the directory of the"
                        + " user's sockets, such as /run/user/1000; without it bubblewrap cannot hide them from the app (--env-only does without)"));
        List<Path> otherApps = client.servers().stream().map(server -> Path.of(server.socketPath())).toList();
        ServiceDirectories services = new ServiceDirectories(environment);
        services.make();
        return Optional.of(new Bubblewrap(program.get(), new SideDoors(runtimeDirectory, environment, otherApps), services, ownNetwork,
                BusLocation.session(environment), BusLocation.system(environment)));
    }

    private AppProcess start(Optional<Bubblewrap> bubblewrap, SandboxConnector connector, AppSocket sessionSocket, Optional<AppSocket> systemSocket,
            List<String> line) throws IOException, InterruptedException {
        if (bubblewrap.isEmpty()) {
            Map<String, String> environment = System.getenv();
            warn(environmentOnly ? "--env-only" : "bubblewrap is not installed (Debian package: bubblewrap)",
                    Stream.concat(BusLocation.session(environment).stream(), BusLocation.system(environment).stream()).map(BusLocation::toString)
                            .collect(Collectors.joining(", ")), sessionSocket);
            Map<String, String> changes = variables(sessionSocket, systemSocket);
            return detached ? AppProcess.startDetached(line, changes) : AppProcess.start(line, changes);
        }
        for (BusLocation open : bubblewrap.get().uncovered()) {
            berth.console().error("warning: " + open + " has no path that could be covered: the app can still connect there itself, past all"
                    + " rules (--unshare-net keeps it away)");
        }
        for (Path open : bubblewrap.get().uncoveredServices()) {
            berth.console().error("warning: " + open + " cannot be covered, because it is not there or behind a symbolic link: the app can put a file"
                    + " there that has the bus start a program outside");
        }
        Preflight.check(bubblewrap.get(), sessionSocket, systemSocket);
        return detached ? AppProcess.startDetached(bubblewrap.get(), connector, sessionSocket, systemSocket, line)
                : AppProcess.start(bubblewrap.get(), connector, sessionSocket, systemSocket, line);
    }

    private void warn(String reason, String buses, AppSocket sessionSocket) {
        berth.console().error("warning: " + reason + ": only environment variables point the app to its sockets. Nothing keeps it from"
                + " connecting to the real buses (" + buses + ") or to the sockets of other apps (beside " + sessionSocket.path()
                + "), nor from taking either out of your other processes");
    }

    private static Map<String, String> variables(AppSocket session, Optional<AppSocket> system) {
        Map<String, String> changes = new LinkedHashMap<>();
        SideDoors.VARIABLES.forEach(name -> changes.put(name, ""));
        changes.put("DBUS_SESSION_BUS_ADDRESS", session.address());
        // no rule, no system bus: an address at which nobody listens
        changes.put("DBUS_SYSTEM_BUS_ADDRESS", system.map(AppSocket::address).orElse("unix:path=/dev/null"));
        return changes;
    }

    /** The servers of one run; removes them, and waits until the helper has, when the app is gone. */
    private static final class Servers implements AutoCloseable {
        private ContainerServer session;
        private ContainerServer system;
        private boolean left;

        private List<ContainerServer> all() {
            return Stream.of(session, system).filter(Objects::nonNull).toList();
        }

        void addCgroup(String path) {
            all().forEach(server -> server.addCgroup(path));
        }

        void addProcess(long pid) throws IOException {
            try (ProcessDescriptor process = ProcessDescriptor.open(pid)) {
                all().forEach(server -> server.addProcess(process));
            }
        }

        List<String> identifiers() {
            return all().stream().map(server -> server.path().substring(server.path().lastIndexOf('/') + 1)).toList();
        }

        /** They look after themselves from now on. */
        void leave() {
            left = true;
        }

        @Override
        public void close() {
            if (left) {
                return;
            }
            for (ContainerServer server : all()) {
                try (server) {
                    server.remove();
                } catch (BerthException alreadyGone) {
                    // removed by somebody else, with its app, or with its helper
                }
            }
        }
    }
}
