package io.berth.server;

import io.berth.kernel.EventLoop;
import io.berth.kernel.Fault;
import io.berth.kernel.Kernel;
import io.berth.kernel.KernelException;
import io.berth.kernel.MountException;
import io.berth.kernel.MountNamespaces;
import io.berth.kernel.NamespaceId;
import io.berth.kernel.OutcomeException;
import io.berth.kernel.SocketMount;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All sockets that are mounted into namespaces. What may wait for an app's file systems runs on threads of its own; in each
 * namespace one thing at a time, in order. The state file has each mount before it is there until it is gone. Loop thread.
 */
public final class MountTable {
    private static final Logger LOG = LoggerFactory.getLogger(MountTable.class);
    private static final long IDLE_THREAD_MS = 1_000;
    private static final CompletableFuture<Void> NOTHING = CompletableFuture.completedFuture(null);

    private final MountNamespaces namespaces;
    private final Kernel kernel;
    private final EventLoop loop;
    private final StateFile state;
    private final int maxMounts;
    private final List<Mount> mounts = new ArrayList<>();
    /** One for each request that has not come to its end. */
    private final List<ContainerServer> asking = new ArrayList<>();
    private final Map<NamespaceId, CompletableFuture<?>> turns = new HashMap<>();
    private final ThreadPoolExecutor workers = new ThreadPoolExecutor(0, Integer.MAX_VALUE, IDLE_THREAD_MS, TimeUnit.MILLISECONDS,
            new SynchronousQueue<>(), task -> {
                Thread thread = new Thread(task, "berth-mounts");
                thread.setDaemon(true);
                return thread;
            });

    /** @param maxMounts of one server */
    public MountTable(MountNamespaces namespaces, Kernel kernel, EventLoop loop, StateFile state, int maxMounts) {
        this.namespaces = namespaces;
        this.kernel = kernel;
        this.loop = loop;
        this.state = state;
        this.maxMounts = maxMounts;
    }

    /**
     * Mounts a server's socket.
     *
     * @param spec   its fd is taken, whatever comes of it
     * @param target absolute and checked for its form
     * @return fails with {@link RegistryException}, and the namespace is as it was
     */
    CompletableFuture<Void> add(ContainerServer server, NamespaceSpec spec, String target, boolean hideDirectory) {
        if (list(server).size() + Collections.frequency(asking, server) >= maxMounts) {
            spec.close(kernel);
            return CompletableFuture.failedFuture(new RegistryException(RegistryException.Kind.LIMITS_EXCEEDED,
                    "the limit of " + maxMounts + " mounts of one server is reached"));
        }
        asking.add(server);
        return refusing(NOTHING.thenCompose(begin -> hold(spec)).thenCompose(held ->
                inTurn(held.id(), () -> mount(server, held, target, hideDirectory)))).whenComplete((done, failure) -> asking.remove(server));
    }

    /**
     * Unmounts what fits. @param spec its fd is taken; empty for every namespace @param target empty for every target
     *
     * @return fails with {@link RegistryException} when nothing fits, or something stays
     */
    CompletableFuture<Void> remove(ContainerServer server, Optional<NamespaceSpec> spec, Optional<String> target) {
        CompletableFuture<Optional<NamespaceId>> namespace = spec.isEmpty() ? CompletableFuture.completedFuture(Optional.empty())
                : NOTHING.thenCompose(begin -> hold(spec.get())).thenApply(held -> {
                    held.close();
                    return Optional.of(held.id());
                });
        return refusing(namespace.thenCompose(id -> {
            List<Mount> fitting = find(mount -> mount.server() == server && id.map(mount.namespace().id()::equals).orElse(true)
                    && target.map(mount.target()::equals).orElse(true));
            if (fitting.isEmpty()) {
                throw new RegistryException(RegistryException.Kind.INVALID_ARGUMENT, "server " + server.id() + " is not mounted"
                        + target.map(path -> " at " + path).orElse("") + id.map(given -> " in " + given).orElse(" anywhere"));
            }
            return all(fitting, this::unmount);
        }));
    }

    /** Unmounts all of a server that is closing. What cannot be unmounted is logged. @return never fails */
    CompletableFuture<Void> release(ContainerServer server) {
        return all(find(mount -> mount.server() == server), mount -> unmount(mount).exceptionally(failure -> {
            server.log(LOG, 1).warn("server {}: {}", server.id(), refusal(failure).getMessage());
            forget(mount);
            return null;
        }));
    }

    /** Those of a server that are there. */
    List<MountInfo> list(ContainerServer server) {
        return mounts.stream().filter(mount -> mount.server() == server && mount.made().isPresent()).map(Mount::info).toList();
    }

    private List<Mount> find(Predicate<Mount> wanted) {
        return mounts.stream().filter(wanted).toList();
    }

    private interface Action {
        CompletableFuture<Void> on(Mount mount);
    }

    private static CompletableFuture<Void> all(List<Mount> these, Action action) {
        return CompletableFuture.allOf(these.stream().map(action::on).toArray(CompletableFuture[]::new));
    }

    private CompletableFuture<HeldNamespace> hold(NamespaceSpec spec) {
        // a process id is turned into something lasting at once
        int pidFd = spec.kind() == NamespaceSpec.Kind.PROCESS_ID ? namespaces.openProcess(spec.number()) : -1;
        return work(() -> HeldNamespace.open(namespaces, kernel, spec, pidFd));
    }

    private CompletableFuture<Void> mount(ContainerServer server, HeldNamespace held, String target, boolean hideDirectory) {
        Mount mount = new Mount(server, held, held.describe(namespaces, target), hideDirectory, state.nextRecord());
        Path socket;
        boolean cover;
        try {
            socket = checkPossible(mount);
            cover = hideDirectory && find(other -> other.isHidden() && other.isInDirectoryOf(mount)).isEmpty();
            write(mount);
        } catch (RuntimeException refused) {
            held.close();
            throw refused;
        } catch (IOException unwritable) {
            held.close();
            throw new RegistryException(RegistryException.Kind.FAILED, "what is mounted cannot be recorded: " + unwritable.getMessage());
        }
        mounts.add(mount);
        return work(() -> namespaces.mount(held.fd(), socket, target, cover, mount.record())).handle((made, failure) -> {
            if (failure != null) {
                forget(mount);
                throw refusal(failure);
            }
            onMounted(mount, made);
            return null;
        });
    }

    private Path checkPossible(Mount mount) {
        ContainerServer server = mount.server();
        if (server.isClosing()) {
            throw new RegistryException(RegistryException.Kind.UNKNOWN_SERVER, "the server " + server.id() + " has ended");
        }
        String socket = server.info().socketPath();
        if (socket.isEmpty()) {
            throw new RegistryException(RegistryException.Kind.INVALID_ARGUMENT, "the socket of server " + server.id() + " is no file");
        }
        find(mount::isAtTargetOf).stream().findAny().ifPresent(other -> {
            throw new RegistryException(RegistryException.Kind.INVALID_ARGUMENT,
                    "server " + other.server().id() + " is mounted at " + mount.target() + " there already");
        });
        return Path.of(socket);
    }

    private void onMounted(Mount mount, SocketMount made) {
        update(mount, made);
        watch(mount);
        mount.server().log(LOG, 1).info("server {} mounted at {} in {}", mount.server().id(), mount.target(), mount.namespace().id());
        mount.server().onMountsChanged();
    }

    private void update(Mount mount, SocketMount made) {
        mount.made(made);
        try {
            write(mount);
            Files.deleteIfExists(mount.record());
        } catch (IOException unwritable) {
            mount.server().log(LOG, 1).warn("the state file still has what was known before of the mount at {}: {}", mount.target(), unwritable.getMessage());
        }
    }

    /** The new entry is there before the old one goes. */
    private void write(Mount mount) throws IOException {
        StateFile.Entry before = mount.entry();
        StateFile.Entry now = mount.entryToBe();
        state.add(now);
        mount.entry(now);
        if (before != null) {
            state.remove(before);
        }
    }

    private CompletableFuture<Void> unmount(Mount mount) {
        return inTurn(mount.namespace().id(), () -> {
            if (!mounts.contains(mount) || mount.made().isEmpty()) {
                return NOTHING;
            }
            handOverCover(mount);
            SocketMount made = mount.made().get();
            return work(() -> {
                namespaces.unmount(mount.namespace().fd(), mount.target(), made);
                return null;
            }).thenAccept(done -> forget(mount));
        });
    }

    /** The directory stays hidden for the others that want it so. */
    private void handOverCover(Mount mount) {
        SocketMount made = mount.made().orElseThrow();
        Optional<Mount> heir = find(other -> other != mount && other.isHidden() && other.made().isPresent()
                && other.isInDirectoryOf(mount)).stream().findFirst();
        if (made.coverId() != 0 && heir.isPresent()) {
            update(heir.get(), withCover(heir.get().made().orElseThrow(), made.coverId()));
            update(mount, withCover(made, 0));
        }
    }

    private static SocketMount withCover(SocketMount made, long coverId) {
        return new SocketMount(made.mountId(), made.socketDevice(), made.socketInode(), made.madeDevice(), made.madeInode(), coverId);
    }

    /** It is not there any more. */
    private void forget(Mount mount) {
        if (!mounts.remove(mount)) {
            return;
        }
        mount.namespace().close();
        try {
            if (mount.made().isEmpty() && Files.exists(mount.record())) {
                return; // something is still under way, and the next helper may have to undo it
            }
            Files.deleteIfExists(mount.record());
            state.remove(mount.entry());
        } catch (IOException unwritable) {
            mount.server().log(LOG, 1).warn("the state file keeps the mount at {}, which is gone: {}", mount.target(), unwritable.getMessage());
        }
        mount.server().onMountsChanged();
    }

    private void watch(Mount mount) {
        mount.namespace().watch(loop, () -> Fault.reportOf(inTurn(mount.namespace().id(), () ->
                mounts.contains(mount) ? findOther(mount) : NOTHING)));
    }

    /** Without a process in it the namespace is taken for gone. */
    private CompletableFuture<Void> findOther(Mount mount) {
        return work(() -> namespaces.findProcess(mount.namespace().id())).handle((found, failure) -> {
            if (failure != null) {
                Fault.outcome(failure);
            }
            OptionalInt other = failure == null ? found : OptionalInt.empty();
            if (other.isPresent()) {
                mount.namespace().replaceProcess(other.getAsInt());
                watch(mount);
            } else {
                forget(mount);
            }
            return null;
        });
    }

    /** Runs an action when all earlier ones in this namespace are over. */
    private <T> CompletableFuture<T> inTurn(NamespaceId namespace, Supplier<CompletableFuture<T>> action) {
        CompletableFuture<?> before = turns.getOrDefault(namespace, NOTHING);
        CompletableFuture<T> own = before.handle((result, failure) -> null).thenCompose(over -> action.get());
        turns.put(namespace, own);
        own.whenComplete((result, failure) -> turns.remove(namespace, own));
        return own;
    }

    /** Runs something that may wait, elsewhere; completes on the loop thread. What it throws besides outcomes ends its thread. */
    private <T> CompletableFuture<T> work(Supplier<T> task) {
        CompletableFuture<T> result = new CompletableFuture<>();
        workers.execute(() -> {
            try {
                T value = task.get();
                loop.execute(() -> result.complete(value));
            } catch (OutcomeException failure) {
                loop.execute(() -> result.completeExceptionally(failure));
            }
        });
        return result;
    }

    private static <T> CompletableFuture<T> refusing(CompletableFuture<T> future) {
        return future.exceptionally(failure -> {
            throw refusal(failure);
        });
    }

    private static OutcomeException refusal(Throwable failure) {
        OutcomeException cause = Fault.outcome(failure);
        if (cause instanceof MountException refused) {
            return new RegistryException(switch (refused.kind()) {
                case INVALID -> RegistryException.Kind.INVALID_ARGUMENT;
                case DENIED -> RegistryException.Kind.ACCESS_DENIED;
                case NOT_SUPPORTED -> RegistryException.Kind.NOT_SUPPORTED;
                case FAILED -> RegistryException.Kind.FAILED;
            }, refused.getMessage());
        }
        if (cause instanceof KernelException lack) {
            return new RegistryException(RegistryException.Kind.FAILED, lack.getMessage());
        }
        return cause;
    }
}
