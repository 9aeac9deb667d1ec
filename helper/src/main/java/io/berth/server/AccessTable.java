package io.berth.server;

import io.berth.api.AccessRule;
import io.berth.api.AuditRecord;
import io.berth.budget.Account;
import io.berth.kernel.BootTimers;
import io.berth.kernel.EventLoop;
import io.berth.kernel.KernelException;
import io.berth.policy.LabelPolicy;
import io.berth.server.RegistryException.Kind;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The rules of one server, by where they come from: base rules, which stay until they are changed, timed rules, which go by
 * themselves, and what services have granted ({@link GrantTable}). A rule may be several of them; they never mix. In the place of
 * all of them there may be a label policy: timed and granted rules wait then without effect. That the server's clients are judged
 * by what is in force is {@link ContainerServer}'s work, who is told of each change that comes from here. Owns the timers. Loop
 * thread.
 */
final class AccessTable {
    /** A hundred years: the longest that a rule may be timed. */
    static final long LONGEST_US = 36_525L * 86_400 * 1_000_000;
    /** What they take in memory: a rule, compiled, beside its texts; what is told of a timed or granted one; a step of a pattern. */
    private static final int RULE_BYTES = 500;
    private static final int TIMED_BYTES = 400;
    private static final int STEP_BYTES = 40;

    /** Who is told. */
    interface Listener {
        /** Rules have changed by themselves. */
        void onAccessChanged();

        /** Rules have been added that are timed or granted, or have gone. */
        void onAccessAudit(AuditRecord record);
    }

    private record Timed(long untilUs, Caller by, EventLoop.Timer timer) {
    }

    private final String bus;
    private final BootTimers timers;
    private final RegistryLimits limits;
    private final Listener listener;
    private List<AccessRule> base;
    private boolean unrestricted;
    private Optional<LabelPolicy> labels;
    /** How often the base was replaced, or was about to be. */
    private long replacements;
    private final Map<AccessRule, Timed> timed = new LinkedHashMap<>();
    private final GrantTable grants = new GrantTable();
    private final Account memory;
    private long charged;

    /** @param memory charged for the rules */
    AccessTable(ServerSpec spec, BootTimers timers, RegistryLimits limits, Account memory, Listener listener) {
        this.memory = memory;
        this.bus = spec.bus();
        this.timers = timers;
        this.limits = limits;
        this.listener = listener;
        this.base = List.copyOf(spec.allow());
        this.unrestricted = spec.unrestricted();
        this.labels = spec.labels();
    }

    /** @throws RegistryException LIMITS_EXCEEDED when there is no memory for what it began with */
    void begin() {
        charge(bytesOf(base) + labels.map(AccessTable::bytesOf).orElse(0L));
    }

    /** @param bytes that all of it will take. @throws RegistryException LIMITS_EXCEEDED when there is no memory for it */
    private void charge(long bytes) {
        if (bytes > charged && !memory.hasRoom(bytes - charged)) {
            throw new RegistryException(Kind.LIMITS_EXCEEDED, "the rules of this server would take " + bytes + " bytes of memory, at most "
                    + memory.share() + " now: the limit memoryBytes is for all servers together");
        }
        memory.charge(bytes - charged);
        charged = bytes;
    }

    private static long bytesOf(Collection<AccessRule> rules) {
        return rules.stream().mapToLong(AccessTable::bytesOf).sum();
    }

    /** As text, and compiled. */
    static long bytesOf(AccessRule rule) {
        return RULE_BYTES + 3L * (rule.busName().length() + rule.objectPath().length() + rule.interfaceName().length());
    }

    static long bytesOf(LabelPolicy policy) {
        return (long) policy.steps() * STEP_BYTES + 2L * policy.text().length();
    }

    private static long bytesOfTimed(Collection<AccessRule> rules) {
        return bytesOf(rules) + (long) rules.size() * TIMED_BYTES;
    }

    /** In two forms. */
    private static long bytesOfGrants(Collection<GrantTable.Granted> granted) {
        return granted.stream().mapToLong(one -> 2 * bytesOf(one.rule()) + TIMED_BYTES).sum();
    }

    /** Of what there is now. */
    private void recharge() {
        charge(bytesOf(base) + labels.map(AccessTable::bytesOf).orElse(0L) + bytesOfTimed(timed.keySet()) + bytesOfGrants(grants.granted()));
    }

    boolean isUnrestricted() {
        return unrestricted;
    }

    /** What decides instead of the rules, timed ones included. */
    Optional<LabelPolicy> labels() {
        return labels;
    }

    List<AccessRule> base() {
        return base;
    }

    List<TimedRule> timed() {
        return timed.entrySet().stream().map(entry -> new TimedRule(entry.getKey(), entry.getValue().untilUs)).toList();
    }

    /** All rules in force, each once. */
    List<AccessRule> all() {
        if (timed.isEmpty() && grants.size() == 0) {
            return base;
        }
        Set<AccessRule> all = new LinkedHashSet<>(base);
        all.addAll(timed.keySet());
        all.addAll(grants.inForce());
        return List.copyOf(all);
    }

    /** A label policy will come. @return for {@link #replaceByLabels} */
    long beginReplacement() {
        return ++replacements;
    }

    /** @param replacement if something else has taken its place since it began, the policy comes too late and has no effect */
    void replaceByLabels(LabelPolicy policy, long replacement) {
        if (replacement == replacements) {
            charge(bytesOf(policy) + bytesOfTimed(timed.keySet()) + bytesOfGrants(grants.granted()));
            base = List.of();
            unrestricted = false;
            labels = Optional.of(policy);
        }
    }

    /** In place of all base rules, of the freedom from rules, or of a label policy. */
    void replaceBase(List<AccessRule> rules) {
        checkCount(Stream.concat(rules.stream(), timed.keySet().stream()).distinct().count());
        charge(bytesOf(rules) + bytesOfTimed(timed.keySet()) + bytesOfGrants(grants.granted()));
        replacements++;
        base = List.copyOf(rules);
        unrestricted = false;
        labels = Optional.empty();
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
        Set<AccessRule> all = new LinkedHashSet<>(timed.keySet());
        all.addAll(rules);
        charge(bytesOf(base) + bytesOfTimed(all) + bytesOfGrants(grants.granted()));
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
        recharge();
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
        recharge();
    }

    /** As they were given. */
    List<AccessRule> grants() {
        return grants.rules();
    }

    int grantsBy(String uniqueName) {
        return grants.countBy(uniqueName);
    }

    /**
     * A service opens itself. What it has granted already is not granted again.
     *
     * @param owned     names of the service, its unique name among them
     * @param elsewhere how many grants it has on other servers
     */
    void grant(List<AccessRule> rules, Caller by, Collection<String> owned, int elsewhere) {
        checkNoLabels();
        List<GrantTable.Granted> fresh = grants.check(rules, by, owned);
        if (grants.size() + fresh.size() > limits.grantsPerServer()) {
            throw new RegistryException(Kind.LIMITS_EXCEEDED, "the limit of " + limits.grantsPerServer() + " grants of one server is reached");
        }
        if (elsewhere + grants.countBy(by.uniqueName()) + fresh.size() > limits.grantsPerCaller()) {
            throw new RegistryException(Kind.LIMITS_EXCEEDED, "the limit of " + limits.grantsPerCaller() + " grants of one service is reached");
        }
        charge(charged + bytesOfGrants(fresh));
        grants.add(fresh);
        fresh.forEach(one -> audit("granted", one.rule(), one.by(), ""));
    }

    /** A service takes back what it has granted. @throws RegistryException INVALID_ARGUMENT for what it has not; none is taken back then */
    void revoke(List<AccessRule> rules, Caller by) {
        revoke(grants.find(rules, by));
    }

    private void revoke(List<GrantTable.Granted> gone) {
        List<GrantTable.Granted> removed = grants.remove(gone);
        recharge();
        removed.forEach(one -> audit("revoked", one.rule(), one.by(), ""));
    }

    /** Something that ends grants has happened. @return what to do about it, not from inside a judge; empty when it is nothing */
    Optional<Runnable> onNameLost(String name, String uniqueName) {
        List<GrantTable.Granted> gone = grants.restingOn(name, uniqueName);
        return gone.isEmpty() ? Optional.empty() : Optional.of(() -> {
            revoke(gone);
            listener.onAccessChanged();
        });
    }

    private void checkHasRules() {
        if (unrestricted) {
            throw new RegistryException(Kind.INVALID_ARGUMENT,
                    "the server is unrestricted; replace its rules with SetContainerAccess first");
        }
        checkNoLabels();
    }

    private void checkNoLabels() {
        if (labels.isPresent()) {
            throw new RegistryException(Kind.INVALID_ARGUMENT, "the server is under a Policy, which alone decides; change it with"
                    + " SetContainerPolicy, or replace it with SetContainerAccess");
        }
    }

    private void checkCount(long rules) {
        if (rules > limits.rulesPerServer()) {
            throw new RegistryException(Kind.LIMITS_EXCEEDED,
                    "the server would have " + rules + " access rules, the limit is " + limits.rulesPerServer());
        }
    }

    private void audit(String verdict, AccessRule rule, Timed about) {
        audit(verdict, rule, about.by, " until " + Instant.EPOCH.plus(about.untilUs, ChronoUnit.MICROS).truncatedTo(ChronoUnit.SECONDS));
    }

    private void audit(String verdict, AccessRule rule, Caller by, String more) {
        listener.onAccessAudit(new AuditRecord(verdict, "access", bus, "", AuditRecord.Peer.of(rule.busName()), "", "", "", false,
                by.uniqueName(), by.processId(), rule + more, "", "", 0));
    }

    /** Ends what waits. */
    void close() {
        timed.values().forEach(rule -> rule.timer.cancel());
        timed.clear();
        memory.release(charged);
        charged = 0;
    }
}
