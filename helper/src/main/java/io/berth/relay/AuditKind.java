package io.berth.relay;

import io.berth.api.AuditRecord;
import io.berth.wire.MessageHeader;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Which decisions say the same thing, whoever of the app's processes it is about: told from the message, before any text of it is made.
 * A number, by a hash that begins at another value in each helper, so that no app can make one of its acts pass for another.
 */
final class AuditKind {
    private static final long SEED = ThreadLocalRandom.current().nextLong();
    private static final long FACTOR = 0x9e3779b97f4a7c15L;
    /** Of one UTF-16 unit, at most. */
    private static final int UTF8_BYTES = 3;

    private AuditKind() {
    }

    /**
     * @param name the other side, as the message says it, or what a call to the bus is about
     * @param rule what decided
     */
    static long of(MessageHeader header, String verdict, String operation, boolean incoming, String name, String rule) {
        long hash = mix(SEED, incoming ? 1 : 2);
        hash = mix(hash, header.unixFds() > 0 ? 1 : 2);
        hash = text(hash, verdict, AuditRecord.LONGEST);
        hash = text(hash, operation, AuditRecord.LONGEST);
        hash = text(hash, name, AuditRecord.LONGEST_NAME);
        hash = text(hash, rule, AuditRecord.LONGEST);
        hash = field(hash, header, MessageHeader.PATH, AuditRecord.LONGEST);
        hash = field(hash, header, MessageHeader.INTERFACE, AuditRecord.LONGEST_NAME);
        return field(hash, header, MessageHeader.MEMBER, AuditRecord.LONGEST_NAME);
    }

    /** As far as a record has it. */
    private static long text(long hash, String text, int longest) {
        int length = Math.min(text.length(), longest);
        long mixed = mix(hash, length);
        for (int i = 0; i < length; i++) {
            mixed = mix(mixed, text.charAt(i));
        }
        return mixed;
    }

    private static long field(long hash, MessageHeader header, int field, int longest) {
        int length = header.has(field) ? Math.min(header.length(field), UTF8_BYTES * longest) : 0;
        long mixed = mix(hash, length);
        byte[] bytes = header.bytes();
        int from = header.start(field);
        for (int i = 0; i < length; i++) {
            mixed = mix(mixed, bytes[from + i]);
        }
        return mixed;
    }

    private static long mix(long hash, int value) {
        long mixed = (hash ^ value) * FACTOR;
        return mixed ^ mixed >>> 29;
    }
}
