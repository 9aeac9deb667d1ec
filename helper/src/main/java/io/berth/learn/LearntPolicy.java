package io.berth.learn;

import io.berth.api.AuditRecord;
import java.util.List;

/**
 * A policy that allows what was recorded.
 *
 * @param lines in the words of its language, one rule or option each
 * @param notes what the language cannot say, and what it allows beyond; for a person
 */
public record LearntPolicy(List<String> lines, List<String> notes) {
    /** How a note names a message. */
    static String describe(AuditRecord message) {
        String what = message.operation().replace('_', ' ') + (message.direction().equals("incoming") ? " from " : " to ")
                + (message.name().isEmpty() ? "everybody" : message.name());
        boolean aboutName = List.of("own", "see", "start").contains(message.operation());
        return aboutName ? message.operation() + " " + message.name()
                : what + " " + (message.interfaceName().isEmpty() ? "" : message.interfaceName() + ".") + message.member() + " at " + message.path();
    }
}
