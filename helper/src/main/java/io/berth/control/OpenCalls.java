package io.berth.control;

import java.util.HashMap;
import java.util.Map;
import org.freedesktop.dbus.messages.Message;

/**
 * The calls that have come and whose answers have not been sent, by caller, in the bytes that each may take: it is kept so long,
 * and its values as objects. One caller may have about half of what all may have. Any thread.
 */
final class OpenCalls {
    /** Bytes of memory for one byte of a message, as it comes and as objects. */
    private static final int FACTOR = 4;
    private static final int OVERHEAD = 2048;
    private static final int MOST_OF_ALL = 9 << 20;
    /** The longest call, and some. */
    private static final int MOST_OF_ONE = FACTOR * Control.LARGEST_CALL + (1 << 19);

    private final Map<String, Integer> byCaller = new HashMap<>();
    private int all;

    /** @return its bytes, for {@link #end}; -1 when there is no room for it */
    synchronized int begin(String caller, Message call) {
        int bytes = OVERHEAD;
        for (byte[] part : call.getWireData()) {
            bytes += part == null ? 0 : FACTOR * part.length;
        }
        int his = byCaller.getOrDefault(caller, 0) + bytes;
        if (his > MOST_OF_ONE || all + bytes > MOST_OF_ALL) {
            return -1;
        }
        byCaller.put(caller, his);
        all += bytes;
        return bytes;
    }

    synchronized void end(String caller, int bytes) {
        all -= bytes;
        byCaller.computeIfPresent(caller, (name, his) -> his == bytes ? null : his - bytes);
    }
}
