package io.berth.cli;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** One line of {@code berth monitor} for a person, made of an {@code Audit} record or of why a server ended. */
final class MonitorText {
    /** Operations whose message is always the same one to the bus. */
    private static final Set<String> ABOUT_A_NAME = Set.of("own", "start", "see");

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
        String who = text(details, "Connection") + (details.get("ProcessID") instanceof Long pid && pid > 0 ? " pid " + pid : "");
        StringBuilder text = new StringBuilder(text(details, "Operation").equals("access") ? "by " : what(details) + ", ").append(who);
        if (!text(details, "Rule").isEmpty()) {
            text.append(": ").append(text(details, "Rule"));
        }
        if (details.get("Suppressed") instanceof Long left && left > 0) {
            text.append(" (and ").append(left).append(" of the kind before)");
        }
        return text.toString();
    }

    /** What was tried: the message, or what the bus was asked for. */
    static String what(Map<String, Object> details) {
        String operation = text(details, "Operation");
        StringBuilder text = new StringBuilder(operation.replace('_', ' '));
        boolean aboutName = ABOUT_A_NAME.contains(operation);
        text.append(aboutName ? " " : text(details, "Direction").equals("incoming") ? " from " : " to ");
        text.append(orNone(text(details, "Name"))).append(owned(details));
        String member = text(details, "Member");
        if (!member.isEmpty() && !aboutName) {
            String iface = text(details, "Interface");
            text.append(' ').append(iface.isEmpty() ? member : iface + "." + member);
            if (!text(details, "Path").isEmpty()) {
                text.append(" at ").append(text(details, "Path"));
            }
        }
        if (Boolean.TRUE.equals(details.get("FileDescriptors"))) {
            text.append(" with file descriptors");
        }
        return text.toString();
    }

    /** Who a unique name is. */
    private static String owned(Map<String, Object> details) {
        if (!text(details, "Name").startsWith(":")) {
            return "";
        }
        String names = details.get("PeerNames") instanceof List<?> list ? String.join(", ", list.stream().map(String::valueOf).toList()) : "";
        String who = names.isEmpty() ? text(details, "PeerApp") : names;
        return who.isEmpty() ? "" : " (" + who + ")";
    }

    /** The command that would allow it. */
    static Optional<String> advice(String id, Map<String, Object> details) {
        return command(id, details).map(command -> "to allow it: " + command);
    }

    /** The same alone, to be given to a shell; empty when nothing can allow it. */
    static Optional<String> command(String id, Map<String, Object> details) {
        String suggestion = text(details, "Suggestion");
        // under an AppArmor policy it is a rule of that
        String option = suggestion.startsWith("--") ? " --add " : " --add-policy-rule ";
        return suggestion.isEmpty() ? Optional.empty() : Optional.of("berth access " + id + option + ShellWord.quote(suggestion));
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
