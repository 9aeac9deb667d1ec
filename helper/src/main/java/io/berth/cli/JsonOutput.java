package io.berth.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.berth.api.AccessRule;
import io.berth.client.ConfinedApp;
import io.berth.client.ServerStatus;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What {@code --json} prints: one value per line. Names are those of the D-Bus API in lower case with underscores;
 * access rules are the words of the command line; times are microseconds since the epoch.
 */
final class JsonOutput {
    private JsonOutput() {
    }

    /** A value made of Map, List, String, Number, Boolean, null and {@link AccessRule}, on one line. */
    static String line(Object value) {
        StringWriter text = new StringWriter();
        try (JsonGenerator generator = new JsonFactory().createGenerator(text)) {
            write(generator, value);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return text.toString();
    }

    static Map<String, Object> server(ServerStatus server) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("id", server.id());
        fields.put("path", server.path());
        fields.put("type", server.app().type());
        fields.put("app_id", server.app().id());
        fields.put("bus", server.bus());
        fields.put("state", server.state());
        fields.put("mode", server.mode());
        fields.put("socket_path", server.socketPath());
        fields.put("address", server.address());
        fields.put("created", server.createdUs());
        fields.put("connections", server.connections());
        fields.put("cgroups", server.cgroups());
        fields.put("mounts", server.mounts().stream().map(JsonOutput::mount).toList());
        fields.put("messages_forwarded", server.messagesForwarded());
        fields.put("messages_denied", server.messagesDenied());
        fields.put("allow", server.allow());
        fields.put("grants", server.grants());
        fields.put("timed_access", server.timed().stream().map(JsonOutput::timed).toList());
        fields.put("policy", server.policy());
        fields.put("metadata", server.metadata());
        fields.put("creator", server.creator());
        return fields;
    }

    private static Map<String, Object> mount(ServerStatus.MountPlace mount) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("target", mount.target());
        fields.put("kind", mount.kind());
        fields.put("namespace", mount.namespace());
        return fields;
    }

    private static Map<String, Object> timed(ServerStatus.TimedRule timed) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("rule", timed.rule());
        fields.put("until", timed.untilUs());
        return fields;
    }

    static Map<String, Object> app(ConfinedApp app) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("confined", true);
        fields.put("type", app.app().type());
        fields.put("app_id", app.app().id());
        fields.put("server", app.serverPath());
        fields.put("metadata", app.metadata());
        fields.put("creator", app.creator());
        return fields;
    }

    private static void write(JsonGenerator generator, Object value) throws IOException {
        if (value instanceof Map<?, ?> map) {
            generator.writeStartObject();
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                generator.writeFieldName(String.valueOf(entry.getKey()));
                write(generator, entry.getValue());
            }
            generator.writeEndObject();
        } else if (value instanceof List<?> list) {
            generator.writeStartArray();
            for (Object element : list) {
                write(generator, element);
            }
            generator.writeEndArray();
        } else if (value instanceof Boolean flag) {
            generator.writeBoolean(flag);
        } else if (value instanceof Double number) {
            generator.writeNumber(number);
        } else if (value instanceof Number number) {
            generator.writeNumber(number.longValue());
        } else if (value == null) {
            generator.writeNull();
        } else {
            generator.writeString(value.toString());
        }
    }
}
