package io.berth.policy.apparmor;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The real apparmor_parser of this machine as a judge: it compiles a profile, and the automaton it prints is walked with the
 * bytes that dbus-daemon would ask the kernel about (bus/apparmor.c). Needs no support in the kernel.
 */
final class ApparmorParser {
    private static final Path PROGRAM = Path.of("/sbin/apparmor_parser");
    /** Which features the kernel is supposed to have; with the Debian package. */
    private static final Path FEATURES = Path.of("/etc/apparmor.d/abi/3.0");
    private static final int CLASS_DBUS = 32;
    private static final int[] MASKS = {1 << 1, 1 << 2, 1 << 6, 1 << 5};
    private static final int AUDIT_BITS = 0x7f;

    private final Map<Integer, int[]> tables;

    private ApparmorParser(Map<Integer, int[]> tables) {
        this.tables = tables;
    }

    static boolean isInstalled() {
        return Files.isExecutable(PROGRAM) && Files.isReadable(FEATURES);
    }

    /** @return empty when the parser refuses the rules */
    static Optional<ApparmorParser> compile(String variables, String rules) throws IOException, InterruptedException {
        String profile = "abi <abi/3.0>,\n" + variables + "\nprofile x {\n" + rules + "\n}\n";
        Path file = Files.createTempFile("profile", ".txt");
        try {
            Files.writeString(file, profile);
            Process parser = new ProcessBuilder(List.of(PROGRAM.toString(), "-Q", "-K", "-S", "-M", FEATURES.toString(), file.toString()))
                    .redirectError(ProcessBuilder.Redirect.DISCARD).start();
            byte[] compiled = parser.getInputStream().readAllBytes();
            return parser.waitFor() != 0 ? Optional.empty() : Optional.of(new ApparmorParser(readTables(compiled)));
        } finally {
            Files.delete(file);
        }
    }

    /** The tables of the policydb's automaton, by their ids (libapparmor_re/flex-tables.h). */
    private static Map<Integer, int[]> readTables(byte[] compiled) {
        Map<Integer, int[]> tables = new HashMap<>();
        int at = new String(compiled, StandardCharsets.ISO_8859_1).indexOf("\u001b\u005e\u0078\u003d");
        if (at < 0) {
            return tables;
        }
        ByteBuffer in = ByteBuffer.wrap(compiled).order(ByteOrder.BIG_ENDIAN);
        int end = at + in.getInt(at + 8);
        for (int table = at + in.getInt(at + 4); table < end; ) {
            int width = in.getShort(table + 2) & 0xff;
            int count = in.getInt(table + 8);
            int[] values = new int[count];
            for (int i = 0; i < count; i++) {
                int from = table + 12 + i * width;
                values[i] = width == 1 ? in.get(from) & 0xff : width == 2 ? in.getShort(from) & 0xffff : in.getInt(from);
            }
            tables.put((int) in.getShort(table), values);
            table += 12 + count * width;
            table = at + (table - at + 7) / 8 * 8;
        }
        return tables;
    }

    /** @param fields in the order of {@link Field} */
    RuleVerdict check(Permission permission, List<String> fields) {
        if (tables.isEmpty()) {
            return RuleVerdict.unmatched();
        }
        int state = step(1, CLASS_DBUS);
        for (int i = 0; i < permission.fields(); i++) {
            if (i > 0) {
                state = step(state, 0);
            }
            for (byte b : fields.get(i).getBytes(StandardCharsets.UTF_8)) {
                state = step(state, b & 0xff);
            }
        }
        int mask = MASKS[permission.ordinal()];
        int control = tables.get(7)[state];
        boolean quiet = (control >> 7 & AUDIT_BITS & mask) != 0;
        boolean audit = (control & AUDIT_BITS & mask) != 0;
        return (tables.get(1)[state] & mask) != 0 ? RuleVerdict.allowed(audit)
                : quiet ? RuleVerdict.denied(true) : RuleVerdict.unmatched();
    }

    private int step(int from, int value) {
        int[] base = tables.get(2);
        int[] check = tables.get(3);
        int[] otherwise = tables.get(4);
        int[] next = tables.get(8);
        int input = tables.containsKey(5) ? tables.get(5)[value] : value;
        int state = from;
        while (true) {
            int at = (base[state] & 0xffffff) + input;
            if (at < check.length && check[at] == state) {
                return next[at];
            }
            boolean again = base[state] < 0;
            state = otherwise[state];
            if (!again) {
                return state;
            }
        }
    }
}
