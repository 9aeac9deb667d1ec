package io.berth.server;

import io.berth.kernel.Cgroups;
import io.berth.kernel.EventLoop;
import io.berth.kernel.KernelException;
import io.berth.kernel.Poller;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * The running copies of a server's app: cgroups and processes whose life counts. A cgroup is over when it is empty after it
 * was populated, has been removed, or was not populated in time; a process when it has ended. When the last one is over,
 * the server is told, once. How the kernel knows is {@link Cgroups}' business. Owns its watches and pidfds. Loop thread.
 */
final class Instances {
    private final Registry registry;
    private final long startTimeoutUs;
    private final Consumer<CloseReason> onAllOver;
    private final Runnable onChange;
    private final List<Instance> running = new ArrayList<>(1);
    private boolean named;
    private boolean started;

    /**
     * @param startTimeoutUs microseconds for each cgroup, 0 for ever
     * @param onAllOver      told {@code INSTANCES_GONE}, or {@code NEVER_STARTED} when each one's time was over
     * @param onChange       told when {@link #cgroups} has changed and something still runs
     */
    Instances(Registry registry, long startTimeoutUs, Consumer<CloseReason> onAllOver, Runnable onChange) {
        this.registry = registry;
        this.startTimeoutUs = startTimeoutUs;
        this.onAllOver = onAllOver;
        this.onChange = onChange;
    }

    /** One that is not over. */
    private abstract static class Instance {
        abstract void close();

        /** Empty for a process. */
        String cgroupPath() {
            return "";
        }
    }

    private final class CgroupInstance extends Instance implements Cgroups.Listener {
        private final Cgroups.Watch watch;
        private EventLoop.Timer timer;

        CgroupInstance(String path) {
            watch = registry.cgroups().watch(path, this);
            if (watch.wasPopulated()) {
                started = true;
            } else if (startTimeoutUs > 0) {
                timer = registry.loop().schedule(Lifetime.nanoseconds(startTimeoutUs), () -> Instances.this.onOver(this));
            }
        }

        @Override
        public void onPopulated() {
            started = true;
            cancelTimer();
        }

        @Override
        public void onOver() {
            started = true;
            Instances.this.onOver(this);
        }

        private void cancelTimer() {
            if (timer != null) {
                timer.cancel();
            }
        }

        @Override
        String cgroupPath() {
            return watch.path();
        }

        @Override
        void close() {
            cancelTimer();
            watch.cancel();
        }
    }

    private final class ProcessInstance extends Instance {
        private final int pidFd;
        private final EventLoop.Watch watch;

        ProcessInstance(int pidFd) {
            this.pidFd = pidFd;
            watch = registry.loop().watch(pidFd, Poller.READ, events -> onOver(this));
            started = true;
        }

        @Override
        void close() {
            watch.cancel();
            registry.kernel().close(pidFd);
        }
    }

    /**
     * One that is here already is not added again.
     *
     * @throws RegistryException what is wrong with it
     */
    void addCgroup(String path) {
        checkRoom();
        try {
            CgroupInstance added = new CgroupInstance(path);
            if (cgroups().contains(added.cgroupPath())) {
                added.close();
            } else {
                add(added);
            }
        } catch (IllegalArgumentException unfit) {
            throw new RegistryException(RegistryException.Kind.INVALID_ARGUMENT, unfit.getMessage());
        } catch (KernelException failure) {
            throw new RegistryException(RegistryException.Kind.FAILED, failure.getMessage());
        }
    }

    /** @param pidFd taken, also when this throws. @throws RegistryException what is wrong with it */
    void addProcess(int pidFd) {
        try {
            checkRoom();
            registry.kernel().checkProcessFd(pidFd);
            add(new ProcessInstance(pidFd));
        } catch (IllegalArgumentException unfit) {
            registry.kernel().close(pidFd);
            throw new RegistryException(RegistryException.Kind.INVALID_ARGUMENT, "process: " + unfit.getMessage());
        } catch (KernelException failure) {
            registry.kernel().close(pidFd);
            throw new RegistryException(RegistryException.Kind.FAILED, failure.getMessage());
        } catch (RegistryException full) {
            registry.kernel().close(pidFd);
            throw full;
        }
    }

    private void checkRoom() {
        if (running.size() >= registry.limits().instancesPerServer()) {
            throw new RegistryException(RegistryException.Kind.LIMITS_EXCEEDED,
                    "the limit of " + registry.limits().instancesPerServer() + " cgroups and processes of one server is reached");
        }
    }

    private void add(Instance instance) {
        named = true;
        running.add(instance);
        if (!instance.cgroupPath().isEmpty()) {
            onChange.run();
        }
    }

    private void onOver(Instance instance) {
        instance.close();
        running.remove(instance);
        if (running.isEmpty()) {
            onAllOver.accept(started ? CloseReason.INSTANCES_GONE : CloseReason.NEVER_STARTED);
        } else if (!instance.cgroupPath().isEmpty()) {
            onChange.run();
        }
    }

    /** Whether there has ever been one: then they decide when the server ends, and its clients do not. */
    boolean wereNamed() {
        return named;
    }

    /** Absolute paths of those that are not over. */
    List<String> cgroups() {
        return running.stream().map(Instance::cgroupPath).filter(path -> !path.isEmpty()).toList();
    }

    void close() {
        running.forEach(Instance::close);
        running.clear();
    }
}
