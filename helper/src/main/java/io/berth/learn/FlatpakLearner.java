package io.berth.learn;

import io.berth.api.AccessFlags;
import io.berth.api.AccessRule;
import io.berth.api.AuditRecord;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Learns options of flatpak (flatpak-run(1), flatpak-build-finish(1)): a name is talked to or owned as a whole, and of what
 * lies between nothing can be said.
 */
public final class FlatpakLearner {
    private FlatpakLearner() {
    }

    /** @param bus {@code session} or {@code system}; for others flatpak has no options */
    public static LearntPolicy learn(List<AuditRecord> messages, String bus) {
        AccessLearner.Learnt learnt = AccessLearner.learn(messages, Granularity.NAME);
        Set<String> notes = new LinkedHashSet<>(learnt.notes());
        Map<String, Integer> names = new LinkedHashMap<>();
        for (AccessRule rule : learnt.rules()) {
            if (rule.busName().isEmpty() || rule.busName().startsWith(":") || rule.has(AccessFlags.NAME_IS_APP)) {
                notes.add(rule + " is left out: flatpak's options are about well-known names");
            } else {
                names.merge(rule.busName(), rule.flags(), (one, other) -> one | other);
            }
        }
        String prefix = bus.equals("system") ? "--system-" : "--";
        if (!bus.equals("system") && !bus.equals("session")) {
            notes.add("flatpak's options are about the session and the system bus, not the bus at " + bus);
        }
        List<String> lines = new ArrayList<>();
        names.forEach((name, flags) -> {
            if ((flags & AccessFlags.OWN) != 0) {
                lines.add(prefix + "own-name=" + name);
            } else if ((flags & ~AccessFlags.SEE & AccessFlags.PERMISSIONS) != 0) {
                lines.add(prefix + "talk-name=" + name);
            } else {
                notes.add(name + " is only seen: no option says that; in the metadata file [" + (bus.equals("system") ? "System" : "Session")
                        + " Bus Policy] does, " + name + "=see");
            }
        });
        if (!lines.isEmpty()) {
            notes.add("these options open each name as a whole, with all interfaces and file descriptors");
        }
        return new LearntPolicy(lines, List.copyOf(notes));
    }
}
