package io.berth.tests.pieces;

import io.berth.tests.raw.Message;
import io.berth.wire.MessageHeader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** Reading headers, as the relay does with every message. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class HeaderBenchmark {
    private final MessageHeader header = new MessageHeader();
    private final ByteBuffer call = direct(Message.call("org.freedesktop.Notifications", "/org/freedesktop/Notifications",
            "org.freedesktop.Notifications", "GetCapabilities").serial(7).toBytes());
    private final ByteBuffer reply = direct(Message.reply(":1.42", 7).serial(9).body("s", "hello").toBytes());

    static ByteBuffer direct(byte[] bytes) {
        return ByteBuffer.allocateDirect(bytes.length).order(ByteOrder.nativeOrder()).put(0, bytes);
    }

    /** A method call with all its fields. */
    @Benchmark
    public int call() {
        header.read(call, 0);
        return header.headerLength();
    }

    @Benchmark
    public int reply() {
        header.read(reply, 0);
        return header.replySerial();
    }
}
