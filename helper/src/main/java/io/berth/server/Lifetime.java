package io.berth.server;

import io.berth.kernel.EventLoop;
import io.berth.kernel.KernelException;
import io.berth.kernel.Poller;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * Watches for what begins and ends one server, and tells the server; {@link Instances} does so for cgroups and processes.
 * Several ends may be set: the first to come counts. Owns the file descriptors of its {@link LifetimeSpec}. Loop thread.
 */
final class Lifetime {
    private final ContainerServer server;
    private final Registry registry;
    private final LifetimeSpec spec;
    private final Instances instances;
    private final boolean hasConnector;
    private final List<Notification> notifications = new ArrayList<>(2);
    private boolean ready;
    private boolean hadClient;
    private EventLoop.Timer firstClientTimer;

    /** @param hasConnector whether the server ends with its connector, of which its backend tells */
    Lifetime(ContainerServer server, Registry registry, LifetimeSpec spec, boolean hasConnector) {
        this.server = server;
        this.hasConnector = hasConnector;
        this.registry = registry;
        this.spec = spec;
        this.instances = new Instances(registry, spec.startTimeoutUs(), server::requestClose, server::onCgroupsChanged);
    }

    /** An fd that says something once, by becoming readable or by the end of its other side. */
    private final class Notification {
        private final int fd;
        private EventLoop.Watch watch;

        Notification(int fd) {
            this.fd = fd;
        }

        void begin(String name, Runnable action) {
            try {
                watch = registry.loop().watch(fd, Poller.READ, events -> {
                    close();
                    action.run();
                });
            } catch (KernelException unfit) {
                throw new RegistryException(RegistryException.Kind.INVALID_ARGUMENT,
                        name + " cannot be waited for, expected a pipe or socket: " + unfit.getMessage());
            }
        }

        void close() {
            if (notifications.remove(this)) {
                if (watch != null) {
                    watch.cancel();
                }
                registry.kernel().close(fd);
            }
        }
    }

    /**
     * Begins to watch; what has come already is told in a later turn of the loop. {@link #close} frees it, also when this throws.
     *
     * @throws RegistryException naming what cannot be watched
     */
    void begin() {
        // all that is owned is known before the first step that may fail
        Notification readyNotification = keep(spec.readyNotification());
        Notification closeNotification = keep(spec.closeNotification());
        List<Integer> processes = new ArrayList<>(spec.processes());
        try {
            if (closeNotification != null) {
                closeNotification.begin("CloseNotification", () -> server.requestClose(CloseReason.CLOSED));
            }
            if (readyNotification != null) {
                readyNotification.begin("ReadyNotification", this::onReady);
            }
            spec.cgroups().forEach(instances::addCgroup);
            while (!processes.isEmpty()) {
                instances.addProcess(processes.remove(0));
            }
        } finally {
            processes.forEach(registry.kernel()::close);
        }
        ready = readyNotification == null;
    }

    private Notification keep(OptionalInt fd) {
        if (fd.isEmpty()) {
            return null;
        }
        Notification kept = new Notification(fd.getAsInt());
        notifications.add(kept);
        return kept;
    }

    private void onReady() {
        ready = true;
        server.onReady();
    }

    /** Whether clients may be accepted. */
    boolean isReady() {
        return ready;
    }

    /** The server has been made: from now on its first client is waited for. */
    void onMade() {
        if (spec.startTimeoutUs() > 0 && !hadClient && !instances.wereNamed()) {
            firstClientTimer = registry.loop().schedule(nanoseconds(spec.startTimeoutUs()),
                    () -> server.requestClose(CloseReason.NEVER_STARTED));
        }
    }

    static long nanoseconds(long microseconds) {
        return Math.min(microseconds, Long.MAX_VALUE / 2000) * 1000;
    }

    /** A first client is not waited for any more: there is one, or there shall be none, or something else decides. */
    void stopWaitingForClient() {
        if (firstClientTimer != null) {
            firstClientTimer.cancel();
        }
    }

    void onClient() {
        hadClient = true;
        stopWaitingForClient();
    }

    void onLastClientLeft() {
        if (endsWithItsClients()) {
            server.requestClose(CloseReason.INSTANCES_GONE);
        }
    }

    void onCreatorGone(boolean hasClients) {
        boolean abandoned = spec.outliveCreator().isEmpty() && endsWithItsClients() && !hasClients;
        if (abandoned || !spec.outliveCreator().orElse(true)) {
            server.requestClose(CloseReason.CREATOR_GONE);
        }
    }

    /** Nothing else was named that would end it. */
    private boolean endsWithItsClients() {
        return spec.closeNotification().isEmpty() && !hasConnector && !instances.wereNamed() && spec.outliveCreator().orElse(true);
    }

    void addCgroup(String path) {
        instances.addCgroup(path);
        stopWaitingForClient();
    }

    /** @param pidFd taken, also when this throws */
    void addProcess(int pidFd) {
        instances.addProcess(pidFd);
        stopWaitingForClient();
    }

    /** Absolute paths of those that are not over. */
    List<String> cgroups() {
        return instances.cgroups();
    }

    void close() {
        stopWaitingForClient();
        List.copyOf(notifications).forEach(Notification::close);
        instances.close();
    }
}
