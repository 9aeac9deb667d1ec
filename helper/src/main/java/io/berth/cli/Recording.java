package io.berth.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.berth.api.AuditRecord;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Recorded messages: JSON objects, one a line, as {@code berth learn --record}, {@code berth monitor --json} and
 * {@code berth why --json} write them. Lines about other things than messages are passed over.
 */
final class Recording {
    private static final Set<String> OPERATIONS = Set.of("method_call", "method_return", "error", "signal", "broadcast", "own", "start", "see", "match");

    private Recording() {
    }

    /** @throws FailureException naming the file, and the line that cannot be read */
    static List<AuditRecord> read(String file) {
        List<AuditRecord> records = new ArrayList<>();
        int number = 0;
        for (String line : text(file).lines().toList()) {
            number++;
            try {
                Map<String, Object> fields = line.isBlank() ? Map.of() : object(line);
                if (fields.get("operation") instanceof String operation && OPERATIONS.contains(operation)) {
                    records.add(RecordFields.read(fields));
                }
            } catch (IllegalArgumentException malformed) {
                throw new FailureException(file + ":" + number + ": " + malformed.getMessage());
            }
        }
        return records;
    }

    private static String text(String file) {
        try {
            return new String(file.equals("-") ? System.in.readAllBytes() : Files.readAllBytes(Path.of(file)), StandardCharsets.UTF_8);
        } catch (NoSuchFileException missing) {
            throw new FailureException(file + ": no such file");
        } catch (IOException failed) {
            throw new FailureException(file + ": cannot be read: " + failed.getMessage());
        }
    }

    /** Members that are texts, booleans or arrays of texts; what others hold is not looked at. */
    private static Map<String, Object> object(String line) {
        Map<String, Object> fields = new LinkedHashMap<>();
        try (JsonParser json = new JsonFactory().createParser(line)) {
            if (json.nextToken() != JsonToken.START_OBJECT) {
                throw new IllegalArgumentException("expected a JSON object on each line");
            }
            while (json.nextToken() != JsonToken.END_OBJECT) {
                String key = json.currentName();
                switch (json.nextToken()) {
                    case VALUE_STRING -> fields.put(key, json.getText());
                    case VALUE_TRUE, VALUE_FALSE -> fields.put(key, json.getBooleanValue());
                    case START_ARRAY -> fields.put(key, array(json));
                    case START_OBJECT -> json.skipChildren();
                    default -> fields.put(key, 0);
                }
            }
        } catch (IOException malformed) {
            throw new IllegalArgumentException("not JSON: " + malformed.getMessage().lines().findFirst().orElse(""));
        }
        return fields;
    }

    private static List<String> array(JsonParser json) throws IOException {
        List<String> texts = new ArrayList<>();
        while (json.nextToken() != JsonToken.END_ARRAY) {
            texts.add(json.getText());
            json.skipChildren();
        }
        return texts;
    }
}
