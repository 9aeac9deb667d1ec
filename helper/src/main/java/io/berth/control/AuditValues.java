package io.berth.control;

import io.berth.api.AuditRecord;
import io.berth.server.Denial;
import java.util.AbstractList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.freedesktop.dbus.types.UInt32;
import org.freedesktop.dbus.types.UInt64;
import org.freedesktop.dbus.types.Variant;

/** Audit records as {@code a{sv}}: entries are in the order in which a person reads them. */
final class AuditValues {
    private AuditValues() {
    }

    static Map<String, Variant<?>> of(AuditRecord record) {
        Map<String, Variant<?>> values = new LinkedHashMap<>();
        values.put("Verdict", new Variant<>(record.verdict(), "s"));
        values.put("Operation", new Variant<>(record.operation(), "s"));
        values.put("Bus", new Variant<>(record.bus(), "s"));
        values.put("Direction", new Variant<>(record.direction(), "s"));
        values.put("Name", new Variant<>(record.name(), "s"));
        values.put("PeerNames", new Variant<>(record.peer().names(), "as"));
        values.put("PeerApp", new Variant<>(record.peer().app(), "s"));
        values.put("Path", new Variant<>(record.path(), "s"));
        values.put("Interface", new Variant<>(record.interfaceName(), "s"));
        values.put("Member", new Variant<>(record.member(), "s"));
        values.put("FileDescriptors", new Variant<>(record.fds(), "b"));
        values.put("Connection", new Variant<>(record.connection(), "s"));
        values.put("ProcessID", new Variant<>(new UInt32(record.processId()), "u"));
        values.put("Rule", new Variant<>(record.rule(), "s"));
        values.put("Suggestion", new Variant<>(record.suggestion(), "s"));
        values.put("Line", new Variant<>(record.line(), "s"));
        values.put("Suppressed", new Variant<>(new UInt64(record.suppressed()), "t"));
        return values;
    }

    /** Each made when it is asked for: a list that waits for its turn takes little. */
    static List<Map<String, Variant<?>>> of(List<Denial> denials) {
        return new AbstractList<>() {
            @Override
            public Map<String, Variant<?>> get(int index) {
                return AuditValues.of(denials.get(index));
            }

            @Override
            public int size() {
                return denials.size();
            }
        };
    }

    private static Map<String, Variant<?>> of(Denial denial) {
        Map<String, Variant<?>> values = of(denial.record());
        values.remove("Suppressed");
        values.put("First", new Variant<>(new UInt64(denial.firstUs()), "t"));
        values.put("Last", new Variant<>(new UInt64(denial.lastUs()), "t"));
        values.put("Count", new Variant<>(new UInt64(denial.count()), "t"));
        return values;
    }
}
