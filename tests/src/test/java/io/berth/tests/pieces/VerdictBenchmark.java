package io.berth.tests.pieces;

import io.berth.api.AccessFlags;
import io.berth.api.AccessRule;
import io.berth.api.RuleText;
import io.berth.policy.AccessPolicy;
import io.berth.policy.Grant;
import io.berth.policy.Verdict;
import io.berth.tests.raw.Message;
import io.berth.wire.MessageHeader;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** What the rules say about a call, by rules about the whole name and by those about interface and path. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class VerdictBenchmark {
    private static final String NAME = "org.freedesktop.Notifications";

    /** Rules about other names before those that count. */
    @Param({"10", "1000"})
    public int rules;

    private final MessageHeader header = new MessageHeader();
    private AccessPolicy policy;
    private AccessPolicy wide;
    private Grant open;
    private Grant narrow;

    @Setup
    public void prepare() {
        header.read(HeaderBenchmark.direct(Message.call(NAME, "/org/freedesktop/Notifications", NAME, "GetCapabilities").serial(7).toBytes()), 0);
        policy = policy("--talk=" + NAME);
        wide = new AccessPolicy(IntStream.range(0, rules).mapToObj(i -> RuleText.parse("--talk=org.example.Other" + i + ".*")).toList(),
                false, false, null);
        open = policy.grantFor(List.of(":1.42", NAME), null);
        narrow = policy("--call=" + NAME + "=" + NAME + ".Notify", "--call=" + NAME + "=" + NAME + ".*@/org/freedesktop/*")
                .grantFor(List.of(":1.42", NAME), null);
    }

    private AccessPolicy policy(String... last) {
        List<AccessRule> all = new ArrayList<>();
        for (int i = 0; i < rules; i++) {
            all.add(RuleText.parse("--talk=org.example.Other" + i));
        }
        for (String text : last) {
            all.add(RuleText.parse(text));
        }
        return new AccessPolicy(all, false, false, null);
    }

    /** For each message: a rule about the whole name. */
    @Benchmark
    public Verdict verdictByName() {
        return open.check(AccessFlags.CALL, header);
    }

    /** For each message: rules about members and paths. */
    @Benchmark
    public Verdict verdictByMember() {
        return narrow.check(AccessFlags.CALL, header);
    }

    /** Once for each peer, until names change hands or the rules do. */
    @Benchmark
    public Grant grantOfPeer() {
        return policy.grantFor(List.of(":1.42", NAME), null);
    }

    /** Once for each refused message, whether somebody has the name or not. */
    @Benchmark
    public Grant grantOfUnseenName() {
        return wide.grantFor(List.of(NAME), null);
    }
}
