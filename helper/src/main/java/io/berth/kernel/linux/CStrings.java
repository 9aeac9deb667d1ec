package io.berth.kernel.linux;

import java.nio.charset.StandardCharsets;
import java.util.List;

/** An argv: strings in UTF-8, and the vector of their addresses with a null at its end. Freed by {@link #close}. */
final class CStrings implements AutoCloseable {
    private final Scratch texts;
    private final Scratch vector;
    private final int count;

    CStrings(Libc libc, List<String> strings) {
        List<byte[]> all = strings.stream().map(string -> string.getBytes(StandardCharsets.UTF_8)).toList();
        count = all.size();
        texts = new Scratch(libc, all.stream().mapToInt(bytes -> bytes.length + 1).sum());
        vector = new Scratch(libc, Long.BYTES * (count + 1));
        int offset = 0;
        for (int i = 0; i < count; i++) {
            texts.putBytes(offset, all.get(i));
            vector.putLong(Long.BYTES * i, texts.address(offset));
            offset += all.get(i).length + 1;
        }
    }

    long vector() {
        return vector.address();
    }

    /** A vector without strings. */
    long end() {
        return vector.address(Long.BYTES * count);
    }

    long string(int index) {
        return vector.getLong(Long.BYTES * index);
    }

    @Override
    public void close() {
        texts.close();
        vector.close();
    }
}
