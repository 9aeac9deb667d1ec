package io.berth.server;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Who observes one server, by unique name on the helper's bus. Loop thread. */
final class Observations {
    private static final int AT_ONCE = 4;

    private final AuditMemory memory;
    private final Map<String, Observation> byCaller = new LinkedHashMap<>();

    Observations(AuditMemory memory) {
        this.memory = memory;
    }

    /** @throws RegistryException {@code LIMITS_EXCEEDED}, or {@code INVALID_ARGUMENT} for one that observes already */
    void add(String caller, boolean complain) {
        if (byCaller.containsKey(caller)) {
            throw new RegistryException(RegistryException.Kind.INVALID_ARGUMENT, caller + " observes this server already");
        }
        if (byCaller.size() >= AT_ONCE) {
            throw new RegistryException(RegistryException.Kind.LIMITS_EXCEEDED, "the limit of " + AT_ONCE + " that observe one server is reached");
        }
        byCaller.put(caller, new Observation(memory, complain));
    }

    /** @return null when it did not observe */
    Observation remove(String caller) {
        Observation ended = byCaller.remove(caller);
        if (ended != null) {
            ended.end();
        }
        return ended;
    }

    List<String> callers() {
        return List.copyOf(byCaller.keySet());
    }

    boolean isEmpty() {
        return byCaller.isEmpty();
    }

    /** Whether one of them wants everything to pass. */
    boolean complain() {
        return byCaller.values().stream().anyMatch(Observation::complains);
    }

    /** Whether a message of this kind is new to one of them. */
    boolean isNew(long kind) {
        boolean isNew = false;
        for (Observation observation : byCaller.values()) {
            isNew |= observation.isNew(kind);
        }
        return isNew;
    }

    /** What was new could not be told. */
    void leaveOut(long kind) {
        byCaller.values().forEach(observation -> observation.leaveOut(kind));
    }
}
