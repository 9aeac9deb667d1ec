package io.berth.policy.apparmor;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Prints rules in today's language, so that reading them back gives the same rules. */
final class RuleWriter {
    private static final String WILD = "*?[]{}^,\\@";

    private RuleWriter() {
    }

    static String print(DbusRule rule) {
        StringBuilder out = new StringBuilder(rule.priority() == 0 ? "" : "priority=" + rule.priority() + " ");
        out.append(rule.audit() ? "audit " : "").append(rule.mode() == RuleMode.ALLOW ? "" : rule.mode().word() + " ").append("dbus");
        if (rule.permissions() != Permission.ALL) {
            String words = Permission.words(rule.permissions(), ", ");
            out.append(' ').append(words.indexOf(',') < 0 ? words : "(" + words + ")");
        }
        List<String> peer = new ArrayList<>();
        rule.conditions().forEach((field, condition) -> {
            String pair = field.key() + "=" + value(condition.text());
            if (field == Field.LABEL || field == Field.NAME && !rule.has(Permission.BIND)) {
                peer.add(pair);
            } else {
                out.append(' ').append(pair);
            }
        });
        return out.append(peer.isEmpty() ? "" : " peer=(" + String.join(", ", peer) + ")").append(',').toString();
    }

    /** A text that stands for itself, behind a key anywhere in a rule. */
    static String literal(String text) {
        StringBuilder pattern = new StringBuilder();
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (b & 0xff);
            pattern.append(WILD.indexOf(c) >= 0 ? "\\" : "").append(c);
        }
        return value(pattern.toString());
    }

    /** A pattern as it stands behind a key anywhere in a rule. */
    private static String value(String text) {
        if (text.matches("[A-Za-z0-9_./:*-]+")) {
            return text;
        }
        if (text.isEmpty()) {
            // inside peer "" is no value
            return "\"{,}\"";
        }
        StringBuilder out = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\\' && i + 1 < text.length()) {
                c = text.charAt(++i);
                if (WILD.indexOf(c) >= 0) {
                    out.append('\\');
                }
            }
            if (c == '"') {
                out.append('\\').append(c);
            } else if (c < ' ' || c > '~') {
                out.append(String.format("\\x%02x", (int) c));
            } else {
                out.append(c);
            }
        }
        return out.append('"').toString();
    }
}
