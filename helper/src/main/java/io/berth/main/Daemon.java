package io.berth.main;

import io.berth.backend.RelayBackend;
import io.berth.backend.SocketDirectory;
import io.berth.control.Control;
import io.berth.control.ControlSettings;
import io.berth.dbus.HelperName;
import io.berth.kernel.Fault;
import io.berth.kernel.Kernel;
import io.berth.kernel.KernelException;
import io.berth.kernel.LoopThread;
import io.berth.kernel.MountNamespaces;
import io.berth.kernel.ServiceNotifier;
import io.berth.kernel.linux.JournalSocket;
import io.berth.kernel.linux.LinuxKernel;
import io.berth.kernel.linux.LinuxMountNamespaces;
import io.berth.kernel.linux.NotifySocket;
import io.berth.relay.Limits;
import io.berth.relay.Relay;
import io.berth.server.AuditJournal;
import io.berth.server.MountEntry;
import io.berth.server.MountRecovery;
import io.berth.server.MountTable;
import io.berth.server.Registry;
import io.berth.server.RegistryLimits;
import io.berth.server.StateFile;
import io.berth.transport.BusLocation;
import io.berth.transport.MessageBus;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The daemon from start to end: connects to the session bus, claims the name, makes the graph of objects, waits, and takes
 * all of it down in reverse. Owns everything it makes. The calling thread only waits; work is done by the loop thread.
 */
public final class Daemon {
    private static final Logger LOG = LoggerFactory.getLogger(Daemon.class);
    /** Seconds for closing every server. */
    private static final int SHUTDOWN_PATIENCE = 10;
    /** Milliseconds: at the end of a session the bus and the helper are told to end at the same time, and the bus may be first. */
    private static final long SIGNAL_PATIENCE_MS = 1_000;

    private final DaemonOptions options;
    private final CountDownLatch signalled = new CountDownLatch(1);
    private final CompletableFuture<Integer> ending = new CompletableFuture<>();
    private final CompletableFuture<Integer> ended = new CompletableFuture<>();
    private volatile String busGone = "";
    private ServiceNotifier notifier = ServiceNotifier.NONE;

    private Daemon(DaemonOptions options) {
        this.options = options;
    }

    /**
     * Runs until SIGTERM, SIGINT or the end of the bus. What goes wrong is logged in one line; a fault ends the process.
     *
     * @return one of {@link DaemonStatus}
     */
    public static int run(DaemonOptions options) {
        FaultHandler.install();
        Daemon daemon = new Daemon(options);
        Thread onSignal = new Thread(daemon::endBySignal, "berth-signal");
        Runtime.getRuntime().addShutdownHook(onSignal);
        int status = daemon.lastStatus(daemon.start());
        daemon.ended.complete(status);
        removeHook(onSignal);
        return status;
    }

    /** A bus that goes is an error unless this process is told to end as well. */
    private int lastStatus(int status) {
        if (status != DaemonStatus.BUS_LOST) {
            return status;
        }
        try {
            if (signalled.await(SIGNAL_PATIENCE_MS, TimeUnit.MILLISECONDS)) {
                return DaemonStatus.ENDED;
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        return fail(status, "the session bus has gone: " + busGone);
    }

    private static void removeHook(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException shuttingDown) {
            LOG.debug("the hook is running");
        }
    }

    /** A clean end is a success, whatever asked for it; without halt the JVM would exit with 128 + the signal's number. */
    private void endBySignal() {
        signalled.countDown();
        ending.complete(DaemonStatus.ENDED);
        Runtime.getRuntime().halt(ended.join());
    }

    private int start() {
        Configuration configuration;
        List<BusLocation> locations;
        try {
            configuration = Configuration.load(options.configuration(), options.environment());
            notifier = NotifySocket.of(options.environment().get("NOTIFY_SOCKET"));
            locations = BusLocation.session(options.environment());
        } catch (Configuration.InvalidException wrong) {
            return fail(DaemonStatus.FAILED, wrong.getMessage());
        } catch (IllegalArgumentException noBus) {
            return fail(DaemonStatus.NO_BUS, noBus.getMessage());
        }
        try (MessageBus bus = MessageBus.connect(locations)) {
            if (!Control.claimName(bus)) {
                return fail(DaemonStatus.NAME_TAKEN, "another berth daemon owns " + HelperName.BUS_NAME + " on this bus ("
                        + bus.location() + ")");
            }
            return serve(bus, configuration);
        } catch (IOException unreachable) {
            return fail(DaemonStatus.NO_BUS, "no session bus: " + unreachable.getMessage());
        }
    }

    private int serve(MessageBus bus, Configuration configuration) {
        String runtime = options.environment().getOrDefault("XDG_RUNTIME_DIR", "");
        if (!runtime.startsWith("/")) {
            return fail(DaemonStatus.FAILED, "XDG_RUNTIME_DIR is '" + runtime + "', expected the user's runtime directory");
        }
        Kernel kernel = new LinuxKernel();
        MountNamespaces namespaces = new LinuxMountNamespaces(NativeFiles.directory());
        MountRecovery recovery = new MountRecovery(namespaces, kernel);
        try (SocketDirectory directory = SocketDirectory.open(Path.of(runtime), entry -> undo(entry, recovery))) {
            kernel.raiseFileLimit();
            LoopThread loop = new LoopThread(kernel);
            RelayBackend backend = new RelayBackend(kernel, new Relay(kernel, loop, configuration.limits()), directory,
                    bus.location().toString(), systemBus());
            Registry registry = new Registry(kernel, loop, backend, configuration.hostEscape(), limits(configuration.limits()),
                    new MountTable(namespaces, kernel, loop, new StateFile(directory.path()), configuration.limits().mountsPerServer()));
            Thread loopThread = new Thread(loop, "berth-loop");
            loopThread.start();
            registry.addListener(new AuditJournal(new JournalSocket(JournalSocket.PATH, options.environment().get("JOURNAL_STREAM"))));
            Control control = Control.start(bus, registry, settings(configuration), this::onBusClosed);
            LOG.info("berth {} is {} on {}, sockets in {}", version(), bus.uniqueName(), bus.location(), directory.path());
            tell("READY=1\nSTATUS=Serving on " + bus.location());
            int status = ending.join();
            tell("STOPPING=1\nSTATUS=Closing");
            awaitQuietly(registry);
            control.close();
            loop.execute(backend::close);
            loop.stop();
            loopThread.join(TimeUnit.SECONDS.toMillis(SHUTDOWN_PATIENCE));
            return status;
        } catch (IOException | KernelException | IllegalStateException | IllegalArgumentException failure) {
            return fail(DaemonStatus.FAILED, failure.getMessage());
        } catch (InterruptedException interrupted) {
            return fail(DaemonStatus.FAILED, "interrupted");
        }
    }

    private static void undo(StateFile.Entry entry, MountRecovery mounts) throws IOException {
        if (!entry.kind().equals(MountEntry.KIND)) {
            throw new IOException("this version cannot undo a " + entry.kind());
        }
        mounts.undo(entry);
    }

    private void onBusClosed(IOException reason) {
        busGone = String.valueOf(reason.getMessage());
        ending.complete(DaemonStatus.BUS_LOST);
    }

    private static void awaitQuietly(Registry registry) throws InterruptedException {
        try {
            registry.shutdown().get(SHUTDOWN_PATIENCE, TimeUnit.SECONDS);
        } catch (ExecutionException failure) {
            Fault.report(failure);
        } catch (TimeoutException late) {
            LOG.error("not every server could be closed within {} s", SHUTDOWN_PATIENCE);
        }
    }

    private String systemBus() {
        return String.join(";", BusLocation.system(options.environment()).stream().map(BusLocation::toString).toList());
    }

    private static RegistryLimits limits(Limits limits) {
        return new RegistryLimits(limits.servers(), limits.instancesPerServer(), limits.rulesPerServer(), limits.grantsPerServer(),
                limits.grantsPerCaller(), limits.policySteps(), limits.memoryBytes());
    }

    private static ControlSettings settings(Configuration configuration) {
        Map<String, Long> limits = new LinkedHashMap<>();
        configuration.limits().asMap().forEach((name, value) -> limits.put(name, value.longValue()));
        return new ControlSettings(version(), limits, configuration.limits().metadataBytes(),
                configuration.limits().rulesPerServer());
    }

    /** Of the jar; there is none when classes run from a build directory. */
    private static String version() {
        String version = Daemon.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }

    private int fail(int status, String message) {
        LOG.error("{}", message);
        tell("STATUS=" + message);
        return status;
    }

    private void tell(String assignments) {
        try {
            notifier.tell(assignments);
        } catch (KernelException untold) {
            LOG.warn("the service manager cannot be told: {}", untold.getMessage());
        }
    }
}
