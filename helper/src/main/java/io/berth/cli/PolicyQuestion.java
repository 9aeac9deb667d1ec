package io.berth.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.berth.policy.apparmor.CompiledPolicy;
import io.berth.policy.apparmor.Dialect;
import io.berth.policy.apparmor.Field;
import io.berth.policy.apparmor.Permission;
import io.berth.policy.apparmor.PolicyQuery;
import io.berth.policy.apparmor.RuleVerdict;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * One line of {@code berth policy query}.
 *
 * @param names the values of the field NAME; one empty text when there is none
 */
record PolicyQuestion(Permission permission, Map<Field, String> fields, List<String> names) {
    private static final String PERMISSIONS = "send, receive, bind or eavesdrop";
    private static final String KEYS = "perm, bus, name, label, path, interface or member";

    /**
     * Reads a JSON object. Its member {@code expect} is not looked at, so that recorded questions can be asked again.
     *
     * @throws IllegalArgumentException saying what was found and what was expected
     */
    static PolicyQuestion read(String line) {
        Permission permission = null;
        Map<Field, String> fields = new EnumMap<>(Field.class);
        List<String> names = new ArrayList<>();
        try (JsonParser json = new JsonFactory().enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION).createParser(line)) {
            if (json.nextToken() != JsonToken.START_OBJECT) {
                throw new IllegalArgumentException("expected a JSON object with " + KEYS);
            }
            while (json.nextToken() != JsonToken.END_OBJECT) {
                String key = json.currentName();
                json.nextToken();
                if (key.equals("perm")) {
                    String word = text(json, key);
                    permission = Permission.findByWord(word)
                            .orElseThrow(() -> new IllegalArgumentException("perm '" + word + "': expected " + PERMISSIONS));
                } else if (key.equals("name") && json.currentToken() == JsonToken.START_ARRAY) {
                    while (json.nextToken() != JsonToken.END_ARRAY) {
                        names.add(text(json, key));
                    }
                } else if (key.equals("expect")) {
                    json.skipChildren();
                } else {
                    Field field = fieldOf(key);
                    fields.put(field, text(json, key));
                }
            }
            if (json.nextToken() != null) {
                throw new IllegalArgumentException("expected one JSON object on a line");
            }
        } catch (IOException malformed) {
            throw new IllegalArgumentException("not JSON: " + malformed.getMessage().lines().findFirst().orElse(""));
        }
        if (permission == null) {
            throw new IllegalArgumentException("expected perm, one of " + PERMISSIONS);
        }
        if (names.isEmpty()) {
            names.add(fields.getOrDefault(Field.NAME, ""));
        }
        return new PolicyQuestion(permission, fields, names);
    }

    private static Field fieldOf(String key) {
        for (Field field : Field.values()) {
            if (field.key().equals(key)) {
                return field;
            }
        }
        throw new IllegalArgumentException("'" + key + "': expected " + KEYS);
    }

    private static String text(JsonParser json, String key) throws IOException {
        if (json.currentToken() != JsonToken.VALUE_STRING) {
            throw new IllegalArgumentException(key + ": expected a string");
        }
        String text = json.getText();
        if (text.indexOf('\0') >= 0) {
            throw new IllegalArgumentException(key + ": expected a string without NUL");
        }
        return text;
    }

    /** @throws IllegalArgumentException for several names where the policy knows only one */
    RuleVerdict ask(CompiledPolicy policy) {
        if (names.size() > 1 && policy.dialect() == Dialect.TODAY) {
            throw new IllegalArgumentException("name: expected one string; only a policy of 2011 is about all names of a peer");
        }
        PolicyQuery query = new PolicyQuery().clear(permission);
        fields.forEach(query::set);
        RuleVerdict verdict = null;
        for (String name : names) {
            RuleVerdict one = policy.check(query.set(Field.NAME, name));
            verdict = verdict == null ? one : verdict.joinedWith(one);
        }
        return verdict;
    }
}
