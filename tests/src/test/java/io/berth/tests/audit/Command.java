package io.berth.tests.audit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.berth.tests.house.BerthDaemon;
import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.Program;
import io.berth.tests.house.TestHouse;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The {@code berth} command of one house, also as shells find it. */
final class Command {
    static final Duration PATIENCE = Duration.ofSeconds(40);

    private final TestHouse house;

    Command(TestHouse house) {
        this.house = house;
    }

    Program start(String... arguments) {
        return house.run(house.bus().address(), BerthDaemon.command(arguments).toArray(String[]::new));
    }

    /** What it prints when it ends with {@code status}. */
    String output(int status, String... arguments) {
        Program program = start(arguments);
        assertEquals(status, program.exitStatus(PATIENCE), program.output() + program.errors());
        return program.output();
    }

    /** Each line, which is a JSON object, as its members: texts as they are, other scalars as JSON spells them. */
    static List<Map<String, String>> json(String lines) {
        List<Map<String, String>> all = new ArrayList<>();
        lines.lines().forEach(line -> {
            Map<String, String> fields = new LinkedHashMap<>();
            try (JsonParser parser = new JsonFactory().createParser(line)) {
                for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
                    if (token.isScalarValue()) {
                        fields.merge(parser.getParsingContext().pathAsPointer().toString().substring(1).replaceAll("/[0-9]+$", ""),
                                parser.getText(), (one, other) -> one + " " + other);
                    }
                }
            } catch (IOException notJson) {
                throw new AssertionError(line, notJson);
            }
            all.add(fields);
        });
        return all;
    }

    /** Gives command lines to a shell, one after the other; each must succeed. */
    void shell(List<String> lines) {
        String berth = BerthDaemon.command().stream().map(word -> "'" + word + "'").collect(Collectors.joining(" "));
        Program shell = house.run(house.bus().address(), "sh", "-euc", "berth() { " + berth + " \"$@\"; }\n" + String.join("\n", lines));
        assertEquals(0, shell.exitStatus(PATIENCE), lines + "\n" + shell.output() + shell.errors());
    }

    static String id(ContainerServer server) {
        return server.object().substring(server.object().lastIndexOf('/') + 1);
    }
}
