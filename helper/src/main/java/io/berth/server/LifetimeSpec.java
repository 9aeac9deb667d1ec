package io.berth.server;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * When a server begins to take clients and what ends it, as its creator asked. The registry owns the file descriptors from
 * the call of {@code add} on, whatever comes of it.
 *
 * @param readyNotification an fd that is readable or hung up when clients may be accepted
 * @param closeNotification an fd that is readable or hung up when the server shall end
 * @param outliveCreator    whether the server stays when its creator leaves the bus; empty for the default: it stays when
 *                          another end is set or it has clients
 * @param cgroups           paths as {@link io.berth.kernel.Cgroups#watch} takes them
 * @param processes         pidfds
 * @param startTimeoutUs    microseconds that each cgroup has to become populated, or without cgroups and processes the server
 *                          to get a first client; 0 for ever
 */
public record LifetimeSpec(OptionalInt readyNotification, OptionalInt closeNotification, Optional<Boolean> outliveCreator,
        List<String> cgroups, List<Integer> processes, long startTimeoutUs) {
    public static final long DEFAULT_START_TIMEOUT_US = 60_000_000;

    List<Integer> fds() {
        List<Integer> fds = new ArrayList<>(processes);
        readyNotification.ifPresent(fds::add);
        closeNotification.ifPresent(fds::add);
        return fds;
    }
}
