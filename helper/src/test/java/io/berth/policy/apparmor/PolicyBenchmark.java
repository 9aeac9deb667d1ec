package io.berth.policy.apparmor;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * What a query costs with 10 and with 1,000 rules, and how long 5,000 rules take to read and compile. Not a test: run its
 * main method.
 */
final class PolicyBenchmark {
    private static final int QUERIES = 4_096;
    private static final int ROUNDS = 10;

    private PolicyBenchmark() {
    }

    public static void main(String[] arguments) {
        CompiledPolicy ten = PolicyText.parse(rules(10), "x").compile();
        CompiledPolicy thousand = PolicyText.parse(rules(1_000), "x").compile();
        PolicyQuery[] few = queries(10);
        PolicyQuery[] many = queries(1_000);
        double[] best = {Double.MAX_VALUE, Double.MAX_VALUE, Double.MAX_VALUE};
        for (int round = 0; round < 300; round++) {
            best[0] = Math.min(best[0], nanosPerQuery(ten, few));
            best[1] = Math.min(best[1], nanosPerQuery(thousand, few));
            best[2] = Math.min(best[2], nanosPerQuery(thousand, many));
        }
        System.out.printf("10 rules: %.0f ns per query; 1,000 rules, same messages: %.0f ns (%.2f); 1,000 rules, messages for all of them: %.0f ns (%.2f)%n",
                best[0], best[1], best[1] / best[0], best[2], best[2] / best[0]);
        String text = rules(5_000);
        for (int round = 0; round < 3; round++) {
            long from = System.nanoTime();
            ParsedPolicy parsed = PolicyText.parse(text, "x");
            long read = System.nanoTime();
            parsed.compile();
            System.out.printf("5,000 rules (%d KB): read %d ms, compiled %d ms%n", text.length() >> 10, read - from >> 20, System.nanoTime() - read >> 20);
        }
    }

    /** Rules such as distributions ship them, each about another service. */
    static String rules(int count) {
        StringBuilder text = new StringBuilder("@{bus}=session system\n@{client}=\"unconfined\" snap.*\n");
        for (int i = 0; i < count; i++) {
            String name = name(i);
            String path = "/" + name.replace('.', '/');
            text.append(switch (i % 5) {
                case 0 -> "dbus send bus=session path=" + path + "{,/**} interface=" + name + ".{Manager,Session} member=Get* peer=(name=\"" + name + "{,.*}\", label=unconfined),\n";
                case 1 -> "dbus (send, receive) bus=@{bus} path=" + path + "/[0-9]* interface=org.freedesktop.DBus.Properties member={Get,GetAll,Set,PropertiesChanged} peer=(label=@{client}),\n";
                case 2 -> "dbus bind bus=session name=" + name + "{,.*},\n";
                case 3 -> "audit deny dbus send bus=system path=" + path + " peer=(name=" + name + "),\n";
                default -> "dbus receive bus=session interface=" + name + " path=" + path + "/** peer=(name=:*, label=\"/usr/{bin,lib}/" + name + "\"),\n";
            });
        }
        return text.toString();
    }

    private static String name(int i) {
        String[] vendors = {"org.freedesktop", "org.gnome", "org.kde", "com.canonical", "io.github.example", "net.hadess"};
        return vendors[i % vendors.length] + ".Service" + Integer.toString(i * 7919 % 100_003, 36) + (i % 3 == 0 ? ".Daemon" : "");
    }

    private static PolicyQuery[] queries(int rules) {
        Random random = new Random(1);
        List<PolicyQuery> queries = new ArrayList<>();
        for (int n = 0; n < QUERIES; n++) {
            int i = random.nextInt(rules);
            String name = name(i);
            String path = "/" + name.replace('.', '/');
            queries.add(new PolicyQuery().permission(Permission.values()[i % 5 == 2 ? 2 : n % 2])
                    .set(Field.BUS, i % 5 == 3 ? "system" : "session")
                    .set(Field.NAME, n % 2 == 1 ? ":1." + random.nextInt(500) : name)
                    .set(Field.LABEL, i % 5 == 4 ? "/usr/bin/" + name : "unconfined")
                    .set(Field.PATH, i % 5 == 1 ? path + "/" + random.nextInt(100) : path)
                    .set(Field.INTERFACE, i % 5 == 1 ? "org.freedesktop.DBus.Properties" : name + ".Manager")
                    .set(Field.MEMBER, i % 5 == 1 ? "GetAll" : "GetState"));
        }
        return queries.toArray(PolicyQuery[]::new);
    }

    private static double nanosPerQuery(CompiledPolicy policy, PolicyQuery[] queries) {
        long from = System.nanoTime();
        int allowed = 0;
        for (int round = 0; round < ROUNDS; round++) {
            for (PolicyQuery query : queries) {
                allowed += policy.check(query).allow() ? 1 : 0;
            }
        }
        if (allowed == 0) {
            throw new AssertionError("no query is allowed");
        }
        return (double) (System.nanoTime() - from) / ROUNDS / queries.length;
    }
}
