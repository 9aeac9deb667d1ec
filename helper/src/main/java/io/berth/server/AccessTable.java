package io.berth.server;

import io.berth.api.AccessRule;
import io.berth.api.AuditRecord;
import io.berth.kernel.BootTimers;
import io.berth.kernel.EventLoop;
import io.berth.kernel.KernelException;
import io.berth.server.RegistryException.Kind;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The rules of one server, by where they come from: base rules, which stay until they are changed, and timed rules, which go by
 * themselves. A rule may be both; they never mix. What they add up to is in force: that the server's clients are judged by it is
 * {@link ContainerServer}'s work, who is told of each change that comes from here. Owns the timers. Loop thread.
 */
final class AccessTable {
    /** A hundred years: the longest that a rule may be timed. */
    static final long LONGEST_US = 36_525L * 86_400 * 1_000_000;

    /** Who is told. */
    interface Listener {
        /** Rules have changed by themselves. */
        void onAccessChanged();

        /** Rules have been added that go by themselves, or have gone. */
        void onAccessAudit(AuditRecord record);
    }

    private record Timed(long untilUs, Caller by, EventLoop.Timer timer) {
    }

    private final String bus;
    private final BootTimers timers;
    private final int mostRules;
    private final Listener listener;
    private List<AccessRule> base;
    private boolean unrestricted;
    private final Map<AccessRule, Timed> timed = new LinkedHashMap<>();

    /** @param mostRules base and timed ones together */
    AccessTable(ServerSpec spec, BootTimers timers, int mostRules, Listener listener) {
        this.bus = spec.bus();
        this.timers = timers;
        this.mostRules = mostRules;
        this.listener = listener;
        this.base = List.copyOf(spec.allow());
        this.unrestricted = spec.unrestricted();
    }

    boolean isUnrestricted() {
        return unrestricted;
    }

    List<AccessRule> base() {
        return base;
    }

    List<TimedRule> timed() {
        return timed.entrySet().stream().map(entry -> new TimedRule(entry.getKey(), entry.getValue().untilUs)).toList();
    }

    /** All rules in force, each once. */
    List<AccessRule> all() {
        if (timed.isEmpty()) {
            return base;
        }
        Set<AccessRule> all = new LinkedHashSet<>(base);
        all.addAll(timed.keySet());
        return List.copyOf(all);
    }

    /** In place of all base rules, or of the freedom from rules. */
    void replaceBase(List<AccessRule> rules) {
        checkCount(Stream.concat(rules.stream(), timed.keySet().stream()).distinct().count());
        base = List.copyOf(rules);
        unrestricted = false;
    }

    /** A rule that is there already is not added again. */
    void addToBase(List<AccessRule> rules) {
        checkHasRules();
        Set<AccessRule> all = new LinkedHashSet<>(base);
        all.addAll(rules);
        replaceBase(List.copyOf(all));
    }

    /**
     * Adds rules that go by themselves. For one that is there already, the new end takes the place of the old one.
     *
     * @param nowUs      microseconds since the epoch
     * @param durationUs microseconds, 1 to {@link #LONGEST_US}
     * @param by         who has asked for it
     */
    void addTimed(List<AccessRule> rules, long nowUs, long durationUs, Caller by) {
        checkHasRules();
        checkCount(Stream.of(base, timed.keySet(), rules).flatMap(some -> some.stream()).distinct().count());
        long untilUs = nowUs + durationUs;
        for (AccessRule rule : new LinkedHashSet<>(rules)) {
            EventLoop.Timer timer = schedule(rule, durationUs);
            Timed before = timed.remove(rule);
            if (before != null) {
                before.timer.cancel();
            }
            Timed added = new Timed(untilUs, by, timer);
            timed.put(rule, added);
            audit("added", rule, added);
        }
    }

    /** Can fail for the first rule only, before anything has changed. */
    private EventLoop.Timer schedule(AccessRule rule, long durationUs) {
        try {
            return timers.schedule(durationUs * 1000, () -> expire(rule));
        } catch (KernelException lack) {
            throw new RegistryException(Kind.FAILED, "no timer for the rule: " + lack.getMessage());
        }
    }

    private void expire(AccessRule rule) {
        Timed ended = timed.remove(rule);
        listener.onAccessChanged();
        audit("expired", rule, ended);
    }

    /** Takes rules away, of the base and timed. @throws RegistryException INVALID_ARGUMENT for one that is neither; none is removed then */
    void remove(List<AccessRule> rules) {
        checkHasRules();
        for (AccessRule rule : rules) {
            if (!base.contains(rule) && !timed.containsKey(rule)) {
                throw new RegistryException(Kind.INVALID_ARGUMENT, "the server has no rule " + rule);
            }
        }
        List<AccessRule> left = new ArrayList<>(base);
        left.removeAll(rules);
        base = List.copyOf(left);
        for (AccessRule rule : rules) {
            Timed ended = timed.remove(rule);
            if (ended != null) {
                ended.timer.cancel();
                audit("revoked", rule, ended);
            }
        }
    }

    private void checkHasRules() {
        if (unrestricted) {
            throw new RegistryException(Kind.INVALID_ARGUMENT,
                    "the server is unrestricted; replace its rules with SetContainerAccess first");
        }
    }

    private void checkCount(long rules) {
        if (rules > mostRules) {
            throw new RegistryException(Kind.LIMITS_EXCEEDED, "the server would have " + rules + " access rules, the limit is " + mostRules);
        }
    }

    private void audit(String verdict, AccessRule rule, Timed about) {
        listener.onAccessAudit(new AuditRecord(verdict, "access", bus, "", AuditRecord.Peer.of(rule.busName()), "", "", "", false, about.by.uniqueName(), about.by.processId(),
                rule + " until " + Instant.EPOCH.plus(about.untilUs, ChronoUnit.MICROS).truncatedTo(ChronoUnit.SECONDS), "", 0));
    }

    /** Ends what waits. */
    void close() {
        timed.values().forEach(rule -> rule.timer.cancel());
        timed.clear();
    }
}
