package io.berth.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The worst texts of a mebibyte, each read and compiled in a process with the helper's memory less what the helper needs itself. */
class PolicyMemoryTest {
    private static final int LONGEST = 1 << 20;
    /** The helper has 32 MiB, of which it needs some 6 when it has nothing to do. */
    private static final String HEAP = "-Xmx24m";

    @TempDir
    private Path directory;

    /** Compiles the policies in the files that are named, one after the other, and says what came of each. */
    static final class Program {
        private Program() {
        }

        public static void main(String[] files) throws Exception {
            for (String file : files) {
                String text = Files.readString(Path.of(file));
                String outcome;
                try {
                    outcome = "compiled, " + LabelPolicy.compile(text, "label").steps() + " steps";
                } catch (IllegalArgumentException refused) {
                    outcome = refused.getMessage();
                }
                System.out.println(Path.of(file).getFileName() + ": " + outcome);
            }
        }
    }

    private static String repeated(String before, IntFunction<String> line) {
        StringBuilder text = new StringBuilder(before);
        for (int i = 0; ; i++) {
            String next = line.apply(i);
            if (text.length() + next.length() > LONGEST) {
                return text.toString();
            }
            text.append(next);
        }
    }

    private static String nested(int depth) {
        return IntStream.range(0, depth).mapToObj(i -> "{a" + i + ",b,").collect(Collectors.joining()) + "c" + "}".repeat(depth);
    }

    private static Map<String, String> worst() {
        Map<String, String> texts = new LinkedHashMap<>();
        texts.put("rules", repeated("", i -> "dbus,\n"));
        texts.put("rules-2011", repeated("dbus acquire,\n", i -> "dbus,\n"));
        texts.put("all-fields", repeated("", i -> "dbus bus=b" + i + " path=/" + i + " interface=i" + i + " member=m" + i + " peer=(name=n" + i + " label=l" + i + "),\n"));
        texts.put("long-names", repeated("", i -> "dbus path=/" + (char) ('a' + i % 26) + i + "/x".repeat(100) + ",\n"));
        texts.put("alternations", repeated("", i -> "dbus path=\"/" + i + nested(45) + nested(45) + "\" member=" + i + nested(40) + ",\n"));
        texts.put("empty-choices", repeated("", i -> "dbus path=\"/" + i + "{,}".repeat(2_000) + "\",\n"));
        texts.put("classes", repeated("", i -> "dbus path=\"/" + i + IntStream.range(0, 500).mapToObj(k -> "[" + (char) ('a' + k % 26) + "-z" + i % 10 + "]")
                .collect(Collectors.joining()) + "\",\n"));
        texts.put("wildcards", repeated("", i -> "dbus path=\"/" + i + "*?".repeat(1_000) + "\",\n"));
        texts.put("variables", repeated("", i -> "@{v" + i + "}=a b\n"));
        texts.put("variable-values", repeated("@{v}=", i -> i + " "));
        StringBuilder doubling = new StringBuilder("@{d0}=" + "x".repeat(30) + " y\n");
        for (int i = 1; i < 16; i++) {
            doubling.append("@{d").append(i).append("}=@{d").append(i - 1).append("}@{d").append(i - 1).append("}\n");
        }
        texts.put("doubling", repeated(doubling.toString(), i -> "dbus path=/" + i + "@{d3},\n"));
        texts.put("long-variable", repeated("@{l}=" + "x".repeat(60_000) + "\n", i -> "dbus path=/@{l}" + i + ",\n"));
        texts.put("variables-of-a-long-one", repeated("@{l}=" + "x".repeat(60_000) + "\n", i -> "@{m" + i + "}=@{l}" + i + "\ndbus path=@{m" + i + "},\n"));
        texts.put("chain", IntStream.range(0, 15_000).mapToObj(i -> "@{c" + i + "}=@{c" + (i + 1) + "}\n").collect(Collectors.joining())
                + "@{c15000}=x\ndbus path=@{c0},\n");
        return texts;
    }

    @Test
    void worstTexts_inTheHelpersMemory_areCompiledOrRefused() throws Exception {
        List<String> command = new ArrayList<>(List.of(ProcessHandle.current().info().command().orElseThrow(), "-XX:+UseSerialGC", HEAP, "-Xss256k",
                "-XX:+ExitOnOutOfMemoryError", "-cp", System.getProperty("java.class.path"), Program.class.getName()));
        for (Map.Entry<String, String> text : worst().entrySet()) {
            command.add(Files.writeString(directory.resolve(text.getKey()), text.getValue()).toString());
        }
        Path output = directory.resolve("output");
        Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile()).start();
        assertTrue(process.waitFor(5, TimeUnit.MINUTES), () -> read(output));
        assertEquals(0, process.exitValue(), () -> read(output));
        assertEquals(worst().size(), read(output).lines().count(), () -> read(output));
    }

    @Test
    void manyRulesOfTheUsualKind_areCompiled() {
        String text = IntStream.range(0, 5_000).mapToObj(i -> "dbus send bus=session path=/org/example/Object" + i
                + " interface=org.example.Interface" + i % 50 + " member=Member" + i + " peer=(name=org.example.Service" + i % 100 + "),\n")
                .collect(Collectors.joining());
        assertTrue(LabelPolicy.compile(text, "label").steps() > 5_000);
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException unreadable) {
            return unreadable.toString();
        }
    }
}
