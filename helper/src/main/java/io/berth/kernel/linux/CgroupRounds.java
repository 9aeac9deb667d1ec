package io.berth.kernel.linux;

import io.berth.kernel.EventLoop;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Looks at cgroups again and again, those of which no event will tell more often. The pause after a round is a multiple of
 * what the round took, so that all rounds together cost less than 1/{@value #PAUSE_PER_COST} of a core however many cgroups
 * there are. Without any it sleeps. Loop thread.
 */
final class CgroupRounds {
    private static final int PAUSE_PER_COST = 250;
    /** The shortest pauses: for cgroups of which no event tells, and for all. */
    private static final long UNGUARDED_NS = 100_000_000L;
    private static final long ALL_NS = 5_000_000_000L;

    private final EventLoop loop;
    private final Set<WatchedCgroup> cgroups = new LinkedHashSet<>();
    private EventLoop.Timer timer;
    private boolean sleepsLong;
    private long lastOfAllNs;

    CgroupRounds(EventLoop loop) {
        this.loop = loop;
        lastOfAllNs = loop.nowNs();
    }

    /** One that is here already stays. */
    void add(WatchedCgroup cgroup) {
        if (cgroups.add(cgroup)) {
            onUnguarded();
        }
    }

    void remove(WatchedCgroup cgroup) {
        if (cgroups.remove(cgroup) && cgroups.isEmpty() && timer != null) {
            timer.cancel();
            timer = null;
        }
    }

    /** One of the cgroups has lost what would have told. */
    void onUnguarded() {
        if (timer != null && !sleepsLong) {
            return;
        }
        if (timer != null) {
            timer.cancel();
        }
        sleepsLong = false;
        timer = loop.schedule(UNGUARDED_NS, this::round);
    }

    private void round() {
        timer = null;
        long beginNs = System.nanoTime();
        boolean all = sleepsLong || loop.nowNs() - lastOfAllNs >= ALL_NS;
        if (all) {
            lastOfAllNs = loop.nowNs();
        }
        for (WatchedCgroup cgroup : List.copyOf(cgroups)) {
            if (!cgroup.isCancelled() && (all || !cgroup.isGuarded())) {
                cgroup.look();
            }
        }
        if (timer != null) {
            timer.cancel();
            timer = null;
        }
        if (!cgroups.isEmpty()) {
            sleepsLong = cgroups.stream().allMatch(WatchedCgroup::isGuarded);
            long costNs = System.nanoTime() - beginNs;
            timer = loop.schedule(Math.max(sleepsLong ? ALL_NS : UNGUARDED_NS, costNs * PAUSE_PER_COST), this::round);
        }
    }
}
