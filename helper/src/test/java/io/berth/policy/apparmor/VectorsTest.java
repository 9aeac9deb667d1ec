package io.berth.policy.apparmor;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Random profiles and queries with the verdicts of Debian's apparmor_parser 3.0.8. */
class VectorsTest {
    private record Query(PolicyQuery query, boolean allow, boolean audit, boolean quiet, String text) {
    }

    @Test
    void queries_ofAllVectors_areAnsweredAsByTheCompiledProfiles() throws IOException {
        int answered = 0;
        try (BufferedReader lines = new BufferedReader(
                new InputStreamReader(VectorsTest.class.getResourceAsStream("vectors.jsonl"), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                answered += check(line);
            }
        }
        assertEquals(9_000, answered);
    }

    private static int check(String line) throws IOException {
        List<String> rules = new ArrayList<>();
        List<Query> queries = new ArrayList<>();
        try (JsonParser json = new JsonFactory().createParser(line)) {
            json.nextToken();
            while (json.nextToken() != JsonToken.END_OBJECT) {
                boolean isRules = json.currentName().equals("rules");
                json.nextToken();
                while (json.nextToken() != JsonToken.END_ARRAY) {
                    if (isRules) {
                        rules.add(json.getText());
                    } else {
                        queries.add(readQuery(json));
                    }
                }
            }
        }
        CompiledPolicy policy = PolicyText.parse(String.join("\n", rules), "x").compile();
        for (Query query : queries) {
            RuleVerdict verdict = policy.check(query.query);
            String context = rules + " " + query.text;
            assertEquals(query.allow, verdict.allow(), context);
            assertEquals(query.audit, verdict.audit(), context);
            assertEquals(query.quiet, verdict.quiet(), context);
        }
        return queries.size();
    }

    private static Query readQuery(JsonParser json) throws IOException {
        PolicyQuery query = new PolicyQuery();
        StringBuilder text = new StringBuilder();
        boolean[] expected = new boolean[3];
        while (json.nextToken() != JsonToken.END_OBJECT) {
            String name = json.currentName();
            if (json.nextToken() == JsonToken.START_OBJECT) {
                while (json.nextToken() != JsonToken.END_OBJECT) {
                    int bit = List.of("allow", "audit", "quiet").indexOf(json.currentName());
                    expected[bit] = json.nextToken() == JsonToken.VALUE_TRUE;
                }
            } else {
                text.append(name).append('=').append(json.getText()).append(' ');
                if (name.equals("perm")) {
                    query.permission(Permission.findByWord(json.getText()).orElseThrow());
                } else {
                    query.set(Field.findByKey(name).orElseThrow(), json.getText());
                }
            }
        }
        return new Query(query, expected[0], expected[1], expected[2], text.toString());
    }
}
