package io.berth.cli;

import io.berth.api.AccessRule;
import io.berth.api.RuleKind;
import io.berth.api.RuleText;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Reads what flatpak and xdg-dbus-proxy say of the session and the system bus: the bus sections of a metadata or override
 * file ({@code [Session Bus Policy]}, flatpak-metadata(5)), and options such as {@code --talk-name=NAME} (flatpak-run(1))
 * and {@code --call=NAME=RULE} (xdg-dbus-proxy(1)), several on a line or one, quoted or with commas as in a manifest. Other
 * options and sections have nothing to do with it and are passed over.
 */
final class PolicyFlatpakParser {
    private static final Map<String, String> SECTIONS = Map.of("[Session Bus Policy]", "session", "[System Bus Policy]", "system");

    private final Map<String, List<AccessRule>> rules = new TreeMap<>();
    /** What a name's last word was, by bus and name: a later word takes the place of an earlier one. */
    private final Map<String, Map<String, String>> words = new LinkedHashMap<>();
    private final List<String> losses = new ArrayList<>();
    private String section = "";

    /** @throws IllegalArgumentException naming the line, what was found and what was expected */
    PolicyFlatpakParser parse(String text) {
        int number = 0;
        for (String line : text.lines().toList()) {
            number++;
            try {
                parseLine(line.strip());
            } catch (IllegalArgumentException malformed) {
                throw new IllegalArgumentException("line " + number + ": " + malformed.getMessage());
            }
        }
        words.forEach((bus, names) -> names.forEach((name, word) -> {
            if (!word.equals("none")) {
                add(bus, RuleText.parse("--" + word + "=" + name));
            }
        }));
        return this;
    }

    private void parseLine(String line) {
        if (line.isEmpty() || line.startsWith("#")) {
            return;
        }
        if (line.startsWith("[") && line.endsWith("]")) {
            section = line;
        } else if (SECTIONS.containsKey(section)) {
            int equals = line.indexOf('=');
            String word = line.substring(equals + 1).strip();
            if (equals < 0 || !word.matches("none|see|talk|own")) {
                throw new IllegalArgumentException("'" + line + "': expected NAME=none, see, talk or own");
            }
            setWord(SECTIONS.get(section), line.substring(0, equals).strip(), word);
        } else if (section.isEmpty()) {
            for (String word : line.split("\\s+")) {
                parseWord(word.replaceAll("^[\"']|[\"']?,?$", ""));
            }
        }
    }

    private void parseWord(String word) {
        if (word.equals("-") || word.isEmpty()) {
            return;
        }
        if (!word.startsWith("--")) {
            throw new IllegalArgumentException("'" + word + "': expected an option such as --talk-name=NAME or --talk=NAME, or a section such as [Session Bus Policy]");
        }
        int equals = word.indexOf('=');
        String option = equals < 0 ? word : word.substring(0, equals);
        String value = word.substring(equals + 1);
        String bus = option.startsWith("--system-") ? "system" : "session";
        switch (option) {
            case "--talk-name", "--system-talk-name" -> setWord(bus, value, "talk");
            case "--own-name", "--system-own-name" -> setWord(bus, value, "own");
            case "--no-talk-name", "--system-no-talk-name" -> setWord(bus, value, "none");
            case "--see", "--talk", "--own", "--call", "--broadcast" -> add("session", RuleText.parse(word));
            case "--a11y-own-name" -> losses.add(word + ": left out: rules are for the session and the system bus");
            case "--socket" -> {
                if (value.equals("session-bus") || value.equals("system-bus")) {
                    losses.add(word + ": left out: the whole bus without rules is no rule (berth run --unrestricted)");
                }
            }
            default -> {
                // about files, devices, the proxy's own workings
            }
        }
    }

    private void setWord(String bus, String name, String word) {
        RuleText.parse(RuleKind.TALK, name);
        words.computeIfAbsent(bus, b -> new LinkedHashMap<>()).put(name, word);
    }

    private void add(String bus, AccessRule rule) {
        rules.computeIfAbsent(bus, b -> new ArrayList<>()).add(rule);
    }

    /** By the type of the bus. */
    Map<String, List<AccessRule>> rules() {
        return rules;
    }

    List<String> losses() {
        return losses;
    }
}
