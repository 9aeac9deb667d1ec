package io.berth.control;

import java.util.HashMap;
import java.util.Map;

/**
 * Calls of the helper's methods that have come and whose answers the bus has not taken yet. What they take is bounded, and of what
 * others leave one caller may have half: whoever sends without end leaves room for others. Any thread.
 */
final class OpenCalls {
    /** Of all callers: an eighth of the memory that the start script gives the daemon. */
    static final long MOST_BYTES = 4 << 20;
    /** What a call takes beside its body. */
    static final int CALL_BYTES = 512;

    private final Map<String, Long> byCaller = new HashMap<>();
    private long bytes;

    /** @param body bytes. @return whether there is room; {@link #end} is to follow then */
    synchronized boolean begin(String caller, long body) {
        long more = CALL_BYTES + body;
        long before = byCaller.getOrDefault(caller, 0L);
        if (before + more > (MOST_BYTES - bytes + before) / 2) {
            return false;
        }
        byCaller.merge(caller, more, Long::sum);
        bytes += more;
        return true;
    }

    synchronized void end(String caller, long body) {
        long less = CALL_BYTES + body;
        byCaller.merge(caller, -less, (a, b) -> a + b == 0 ? null : a + b);
        bytes -= less;
    }
}
