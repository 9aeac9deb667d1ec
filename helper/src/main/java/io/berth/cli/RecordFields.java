package io.berth.cli;

import io.berth.api.AuditRecord;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Audit records as the members of a JSON object, as {@code berth monitor --json} prints them. */
final class RecordFields {
    private RecordFields() {
    }

    /** @param plain the entries of {@code Audit} or {@code Observed} */
    static Map<String, Object> json(Map<String, Object> plain) {
        Map<String, Object> fields = new LinkedHashMap<>();
        plain.forEach((key, value) -> fields.put(MonitorText.jsonName(key), value));
        return fields;
    }

    /**
     * Reads one back; members that are absent are empty.
     *
     * @throws IllegalArgumentException naming a member of the wrong kind
     */
    static AuditRecord read(Map<String, Object> fields) {
        AuditRecord.Peer peer = new AuditRecord.Peer(text(fields, "name"), names(fields), text(fields, "peer_app"));
        return new AuditRecord(text(fields, "verdict"), text(fields, "operation"), text(fields, "bus"), text(fields, "direction"), peer,
                text(fields, "path"), text(fields, "interface"), text(fields, "member"), Boolean.TRUE.equals(fields.get("file_descriptors")),
                "", 0, text(fields, "rule"), text(fields, "suggestion"), text(fields, "line"), 0);
    }

    /** What the message was, in the words of the API. */
    static Map<String, Object> plain(AuditRecord message) {
        Map<String, Object> plain = new LinkedHashMap<>();
        plain.put("Operation", message.operation());
        plain.put("Bus", message.bus());
        plain.put("Direction", message.direction());
        plain.put("Name", message.name());
        plain.put("PeerNames", message.peer().names());
        plain.put("PeerApp", message.peer().app());
        plain.put("Path", message.path());
        plain.put("Interface", message.interfaceName());
        plain.put("Member", message.member());
        plain.put("FileDescriptors", message.fds());
        return plain;
    }

    private static String text(Map<String, Object> fields, String key) {
        Object value = fields.getOrDefault(key, "");
        if (!(value instanceof String text)) {
            throw new IllegalArgumentException(key + ": expected a string");
        }
        return text;
    }

    private static List<String> names(Map<String, Object> fields) {
        if (!(fields.getOrDefault("peer_names", List.of()) instanceof List<?> list) || !list.stream().allMatch(String.class::isInstance)) {
            throw new IllegalArgumentException("peer_names: expected an array of strings");
        }
        return list.stream().map(String.class::cast).toList();
    }
}
