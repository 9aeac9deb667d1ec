package io.berth.tests.pieces;

import io.berth.wire.MatchRule;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** Parsing the match rules that apps send; each is parsed once. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class MatchRuleBenchmark {
    private String simple = "type='signal',interface='org.freedesktop.Notifications'";
    private String full = "type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',member='NameOwnerChanged',"
            + "path='/org/freedesktop/DBus',arg0='org.freedesktop.Notifications',arg1path='/org/',arg2=''\\''quoted'\\'''";

    @Benchmark
    public MatchRule simpleRule() {
        return MatchRule.parse(simple);
    }

    @Benchmark
    public MatchRule fullRule() {
        return MatchRule.parse(full);
    }
}
