package io.berth.server;

import io.berth.kernel.EventLoop;
import io.berth.kernel.Kernel;
import io.berth.kernel.MountException;
import io.berth.kernel.MountNamespaces;
import io.berth.kernel.NamespaceId;
import io.berth.kernel.Poller;
import java.nio.file.Path;

/**
 * A mount namespace that is kept for one mount. One that was named by a process is let go when no process is left in it, or
 * it would stay, with all that is mounted there, as long as the server. Owns its fds. Opened anywhere, then loop thread.
 */
final class HeldNamespace {
    private final Kernel kernel;
    private final NamespaceId id;
    private final int fd;
    private final NamespaceSpec spec;
    private int pidFd;
    private EventLoop.Watch watch;

    private HeldNamespace(Kernel kernel, NamespaceId id, int fd, NamespaceSpec spec, int pidFd) {
        this.kernel = kernel;
        this.id = id;
        this.fd = fd;
        this.spec = spec;
        this.pidFd = pidFd;
    }

    /**
     * Waits for file systems.
     *
     * @param spec  its fd is taken, also when this throws
     * @param pidFd of kind PROCESS_ID the process, taken as well
     * @throws MountException when it cannot be entered for certain
     */
    static HeldNamespace open(MountNamespaces namespaces, Kernel kernel, NamespaceSpec spec, int pidFd) {
        int process = spec.kind() == NamespaceSpec.Kind.PROCESS_FD ? spec.number() : pidFd;
        int fd = spec.kind() == NamespaceSpec.Kind.NAMESPACE_FD ? spec.number() : -1;
        try {
            if (fd < 0) {
                fd = spec.kind() == NamespaceSpec.Kind.FILE ? namespaces.open(spec.file()) : namespaces.open(process);
            }
            return new HeldNamespace(kernel, namespaces.identify(fd), fd, spec, process);
        } catch (RuntimeException refused) {
            closeIfOpen(kernel, fd);
            closeIfOpen(kernel, process);
            throw refused;
        }
    }

    private static void closeIfOpen(Kernel kernel, int fd) {
        if (fd >= 0) {
            kernel.close(fd);
        }
    }

    NamespaceId id() {
        return id;
    }

    int fd() {
        return fd;
    }

    /** The file that keeps it; empty when none was named. */
    String file() {
        return spec.file() == null ? "" : spec.file().toString();
    }

    MountInfo describe(MountNamespaces namespaces, String target) {
        String name = switch (spec.kind()) {
            case PROCESS_ID -> Integer.toString(spec.number());
            case PROCESS_FD -> Integer.toString(namespaces.processId(pidFd).orElse(0));
            case NAMESPACE_FD -> id.toString();
            case FILE -> file();
        };
        return new MountInfo(target, spec.kind().word(), name);
    }

    /** @param onEnd told once, when the process that is known to be in it has ended; not when it was named without one */
    void watch(EventLoop loop, Runnable onEnd) {
        if (pidFd >= 0) {
            watch = loop.watch(pidFd, Poller.READ, events -> {
                forgetProcess();
                onEnd.run();
            });
        }
    }

    /** @param otherPidFd another process that is in it; taken */
    void replaceProcess(int otherPidFd) {
        pidFd = otherPidFd;
    }

    private void forgetProcess() {
        if (watch != null) {
            watch.cancel();
            watch = null;
        }
        closeIfOpen(kernel, pidFd);
        pidFd = -1;
    }

    void close() {
        forgetProcess();
        kernel.close(fd);
    }
}
