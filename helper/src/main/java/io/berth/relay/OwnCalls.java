package io.berth.relay;

import io.berth.wire.BodyReader;
import io.berth.wire.MessageHeader;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;

/** Our own calls to the bus driver on one connection, with serials that no app may use. Loop thread. */
final class OwnCalls {
    /** What to do with an answer. */
    interface Handler {
        /** @param body null when the bus answered with an error */
        void onReply(BodyReader body);
    }

    private final Map<Integer, Handler> waiting = new HashMap<>();
    private int next = Bus.FIRST_OWN_SERIAL;

    /**
     * @param message makes the message from its serial
     * @param handler null when the answer does not matter
     * @return the message to send
     */
    byte[] make(IntFunction<byte[]> message, Handler handler) {
        int serial = serial();
        waiting.put(serial, handler == null ? body -> { } : handler);
        return message.apply(serial);
    }

    /** A serial for a message that nobody answers. */
    int serial() {
        do {
            next = next == -1 ? Bus.FIRST_OWN_SERIAL : next + 1;
        } while (waiting.containsKey(next));
        return next;
    }

    /** The connection has gone: nothing will be answered. */
    void giveUp() {
        List<Handler> handlers = List.copyOf(waiting.values());
        waiting.clear();
        handlers.forEach(handler -> handler.onReply(null));
    }

    /** @return whether it was the answer to a call of ours, which nobody else may see */
    boolean take(MessageHeader header, BodyReader body) {
        if (!Bus.isOwnSerial(header.replySerial())) {
            return false;
        }
        Handler handler = waiting.remove(header.replySerial());
        if (handler != null) {
            handler.onReply(header.type() == MessageHeader.METHOD_RETURN ? body : null);
        }
        return true;
    }
}
