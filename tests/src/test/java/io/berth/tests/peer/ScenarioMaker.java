package io.berth.tests.peer;

import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Makes up scenarios, always the same from the same seed. For one thread. */
final class ScenarioMaker {
    private static final List<String> RULE_NAMES = List.of("org.t.A", "org.t.A", "org.t.A.*", "org.t.A.Sub", "org.t.B", "org.t.B",
            "org.t.B.*", "org.t.B.Deep.*", "org.t.*", "org.t.Start");
    private static final List<String> NARROWINGS = List.of("*", "org.t.I.*", "org.t.I.Do", "org.t.I.Say", "org.t.J.Give", "@/a", "@/a/*",
            "*@/b", "org.t.I.*@/a/*", "org.t.J.Say@/a/b", "org.t.J.*@/b", "t.I", "t.I", "@/");
    private static final List<String> PATHS = List.of("/", "/a", "/a/b", "/ab", "/b");
    private static final List<String> MEMBERS = List.of("Do", "Do", "Say", "Say", "Give", "Fail");
    private static final List<String> QUESTIONS = List.of("ListNames", "ListActivatableNames", "NameHasOwner", "NameHasOwner",
            "GetNameOwner", "GetNameOwner", "ListQueuedOwners", "GetConnectionUnixUser", "GetConnectionUnixProcessID",
            "GetConnectionCredentials", "RequestName", "RequestName", "ReleaseName", "StartServiceByName", "GetId", "Introspect", "Ping",
            "Get", "GetConnectionAppArmorSecurityContext", "UpdateActivationEnvironment", "BecomeMonitor", "NoSuchMethod");
    private static final List<String> WITHOUT_ARGUMENT = List.of("ListNames", "ListActivatableNames", "GetId", "Introspect", "Ping",
            "UpdateActivationEnvironment", "BecomeMonitor", "NoSuchMethod", "Get");

    private final long seed;
    private final Random random;

    ScenarioMaker(long seed) {
        this.seed = seed;
        this.random = new Random(seed * 0x9E3779B97F4A7C15L);
    }

    Scenario make(int steps) {
        List<String> rules = new ArrayList<>();
        for (int i = random.nextInt(5); i >= 0; i--) {
            rules.add(rule());
        }
        List<Step.Own> owners = new ArrayList<>();
        for (String name : Scenario.NAMES) {
            if (random.nextInt(5) < 3 && !name.equals(Scenario.ACTIVATABLE)) {
                owners.add(new Step.Own(service(), name, true));
            }
        }
        List<Step> all = new ArrayList<>();
        if (random.nextInt(4) > 0) {
            all.add(new Step.Match(true, MatchChoice.ALL));
        }
        while (all.size() < steps) {
            all.add(step());
        }
        return new Scenario(seed, rules, owners, all);
    }

    private String rule() {
        String name = pick(RULE_NAMES);
        return switch (random.nextInt(8)) {
            case 0 -> "--see=" + name;
            case 1, 2 -> "--talk=" + name;
            case 3 -> "--own=" + name;
            case 4, 5 -> "--call=" + name + "=" + pick(NARROWINGS);
            default -> "--broadcast=" + name + "=" + pick(NARROWINGS);
        };
    }

    private Step step() {
        int kind = random.nextInt(100);
        if (kind < 28) {
            return call();
        } else if (kind < 35) {
            return new Step.Signal(one(5) ? null : silently(destination()), pick(PATHS), interfaceName(), pick(MEMBERS), one(10));
        } else if (kind < 52) {
            return new Step.Broadcast(service(), pick(PATHS), interfaceName(), pick(MEMBERS));
        } else if (kind < 58) {
            return new Step.CallApp(service(), pick(PATHS), one(8) ? null : interfaceName(), pick(MEMBERS),
                    one(5) ? Message.NO_REPLY_EXPECTED : 0, one(10));
        } else if (kind < 61) {
            return new Step.SignalApp(service(), pick(PATHS), interfaceName(), pick(MEMBERS));
        } else if (kind < 80) {
            return ask();
        } else if (kind < 84) {
            return new Step.Match(random.nextInt(3) > 0, pick(Arrays.asList(MatchChoice.values())));
        } else if (kind < 96) {
            String name = pick(Scenario.NAMES);
            return new Step.Own(service(), name, random.nextInt(3) > 0);
        } else if (kind < 98) {
            return new Step.Reconnect(service());
        }
        return new Step.StrayReply(World.role(service()));
    }

    private Step call() {
        boolean silent = one(6);
        String to = one(25) ? null : silent ? silently(destination()) : destination();
        int flags = (silent ? Message.NO_REPLY_EXPECTED : 0) | (one(8) ? Message.NO_AUTO_START : 0);
        return new Step.Call(to, pick(PATHS), one(8) ? null : interfaceName(), pick(MEMBERS), flags, one(12));
    }

    private Step ask() {
        String member = pick(QUESTIONS);
        String interfaceName = switch (member) {
            case "Introspect" -> RawClient.BUS + ".Introspectable";
            case "Ping" -> RawClient.BUS + ".Peer";
            case "Get" -> RawClient.BUS + ".Properties";
            case "BecomeMonitor" -> RawClient.BUS + ".Monitoring";
            default -> RawClient.BUS;
        };
        // the proxy refuses every call without interface; owners of names would go different ways from there
        boolean without = one(12) && !member.equals("RequestName") && !member.equals("ReleaseName");
        return new Step.Ask(without ? null : interfaceName, member, WITHOUT_ARGUMENT.contains(member) ? null : destination());
    }

    private String destination() {
        int kind = random.nextInt(20);
        if (kind < 11) {
            return pick(Scenario.NAMES);
        } else if (kind < 18) {
            return World.role(service());
        }
        return kind == 18 ? World.role(service()) + "-" : "@app";
    }

    /** Nobody can wait for the end of a start that nobody is told of. */
    private static String silently(String destination) {
        return destination.equals(Scenario.ACTIVATABLE) ? "org.t.Ax" : destination;
    }

    private String interfaceName() {
        return one(8) ? "t.I" : random.nextBoolean() ? "org.t.I" : "org.t.J";
    }

    private int service() {
        return random.nextInt(World.SERVICES);
    }

    private boolean one(int of) {
        return random.nextInt(of) == 0;
    }

    private <T> T pick(List<T> from) {
        return from.get(random.nextInt(from.size()));
    }
}
