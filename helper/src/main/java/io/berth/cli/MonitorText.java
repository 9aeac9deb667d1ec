package io.berth.cli;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** One line of {@code berth monitor} for a person, made of an {@code Audit} record or of why a server ended. */
final class MonitorText {
    private MonitorText() {
    }

    /** What was tried, by whom, and what decided. */
    static String describe(String event, Map<String, Object> details) {
        if (event.equals("removed")) {
            return "(" + details.get("reason") + ")";
        }
        if (!details.containsKey("Operation")) {
            return "";
        }
        StringBuilder text = new StringBuilder(text(details, "Operation").replace('_', ' '));
        text.append(text(details, "Direction").equals("incoming") ? " from " : " to ").append(orNone(text(details, "Name")));
        String member = text(details, "Member");
        if (!member.isEmpty()) {
            String iface = text(details, "Interface");
            text.append(' ').append(iface.isEmpty() ? member : iface + "." + member);
        }
        if (!text(details, "Path").isEmpty()) {
            text.append(" at ").append(text(details, "Path"));
        }
        text.append(", ").append(text(details, "Connection"));
        if (details.get("ProcessID") instanceof Long pid && pid > 0) {
            text.append(" pid ").append(pid);
        }
        if (!text(details, "Rule").isEmpty()) {
            text.append(": ").append(text(details, "Rule"));
        }
        if (details.get("Suppressed") instanceof Long left && left > 0) {
            text.append(" (and ").append(left).append(" of the kind before)");
        }
        return text.toString();
    }

    /** The command that would allow it. */
    static Optional<String> advice(String id, Map<String, Object> details) {
        String suggestion = text(details, "Suggestion");
        return suggestion.isEmpty() ? Optional.empty() : Optional.of("to allow it: berth access " + id + " --add " + suggestion);
    }

    /** {@code ProcessID} to {@code process_id}. */
    static String jsonName(String key) {
        return key.replaceAll("([a-z])([A-Z])", "$1_$2").toLowerCase(Locale.ROOT);
    }

    private static String orNone(String name) {
        return name.isEmpty() ? "anybody" : name;
    }

    private static String text(Map<String, Object> details, String key) {
        Object value = details.get(key);
        return value == null ? "" : value.toString();
    }
}
