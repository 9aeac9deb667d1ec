package io.berth.control;

import java.util.HashMap;
import java.util.Map;
import org.freedesktop.dbus.messages.Message;

/**
 * Calls of the helper's methods that have come and whose answers the bus has not taken yet. What they take is bounded, and of what
 * others leave one caller may have half: whoever sends without end leaves room for others. Any thread.
 */
final class OpenCalls {
    /** Of all callers, in bytes of memory. */
    static final long MOST_BYTES = 9 << 20;
    /** What a call takes in memory beside its bytes, and for each of them: as it comes, and as objects. */
    static final int CALL_BYTES = 2048;
    private static final int FACTOR = 4;

    private final Map<String, Long> byCaller = new HashMap<>();
    private long bytes;

    /** @return bytes of a message as it came */
    static long bytesOf(Message call) {
        long bytes = 0;
        for (byte[] part : call.getWireData()) {
            bytes += part == null ? 0 : part.length;
        }
        return bytes;
    }

    private static long kept(long length) {
        return CALL_BYTES + FACTOR * length;
    }

    /** @param length of the message in bytes. @return whether there is room; {@link #end} is to follow then */
    synchronized boolean begin(String caller, long length) {
        long more = kept(length);
        long before = byCaller.getOrDefault(caller, 0L);
        if (before + more > (MOST_BYTES - bytes + before) / 2) {
            return false;
        }
        byCaller.merge(caller, more, Long::sum);
        bytes += more;
        return true;
    }

    synchronized void end(String caller, long length) {
        long less = kept(length);
        byCaller.merge(caller, -less, (a, b) -> a + b == 0 ? null : a + b);
        bytes -= less;
    }
}
