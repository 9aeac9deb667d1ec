package io.berth.server;

import io.berth.api.AuditRecord;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Who observes one server, by unique name on the helper's bus. Loop thread. */
final class Observations {
    private static final int AT_ONCE = 4;

    private final Map<String, Observation> byCaller = new LinkedHashMap<>();

    /** @throws RegistryException {@code LIMITS_EXCEEDED}, or {@code INVALID_ARGUMENT} for one that observes already */
    void add(String caller, boolean complain) {
        if (byCaller.containsKey(caller)) {
            throw new RegistryException(RegistryException.Kind.INVALID_ARGUMENT, caller + " observes this server already");
        }
        if (byCaller.size() >= AT_ONCE) {
            throw new RegistryException(RegistryException.Kind.LIMITS_EXCEEDED, "the limit of " + AT_ONCE + " that observe one server is reached");
        }
        byCaller.put(caller, new Observation(complain));
    }

    /** @return null when it did not observe */
    Observation remove(String caller) {
        return byCaller.remove(caller);
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

    /** Whether it says something new to one of them. */
    boolean isNew(AuditRecord record) {
        boolean isNew = false;
        for (Observation observation : byCaller.values()) {
            isNew |= observation.isNew(record);
        }
        return isNew;
    }
}
