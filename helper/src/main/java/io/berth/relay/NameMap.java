package io.berth.relay;

import io.berth.wire.MessageHeader;
import java.util.Arrays;
import java.util.function.BiConsumer;

/** A map from names, as bytes, that is asked with a piece of a header and makes no object then. Not thread-safe. */
final class NameMap<V> {
    private byte[][] keys = new byte[16][];
    private Object[] values = new Object[16];
    private int size;

    int size() {
        return size;
    }

    V find(MessageHeader header, int field) {
        return header.has(field) ? find(header.bytes(), header.start(field), header.length(field)) : null;
    }

    V find(byte[] name) {
        return find(name, 0, name.length);
    }

    @SuppressWarnings("unchecked")
    V find(byte[] text, int from, int length) {
        int mask = keys.length - 1;
        for (int slot = hash(text, from, length) & mask; keys[slot] != null; slot = slot + 1 & mask) {
            if (keys[slot].length == length && Arrays.equals(keys[slot], 0, length, text, from, from + length)) {
                return (V) values[slot];
            }
        }
        return null;
    }

    /** @param value not null */
    void put(byte[] name, V value) {
        int mask = keys.length - 1;
        int slot = hash(name, 0, name.length) & mask;
        while (keys[slot] != null && !Arrays.equals(keys[slot], name)) {
            slot = slot + 1 & mask;
        }
        boolean isNew = keys[slot] == null;
        keys[slot] = name;
        values[slot] = value;
        if (isNew && ++size * 3 > keys.length * 2) {
            grow();
        }
    }

    void remove(byte[] name) {
        int mask = keys.length - 1;
        int slot = hash(name, 0, name.length) & mask;
        while (keys[slot] != null && !Arrays.equals(keys[slot], name)) {
            slot = slot + 1 & mask;
        }
        if (keys[slot] == null) {
            return;
        }
        size--;
        // close the gap, so that every later key of the probe sequence is still found
        for (int next = slot + 1 & mask; keys[next] != null; next = next + 1 & mask) {
            int home = hash(keys[next], 0, keys[next].length) & mask;
            if ((next - home & mask) >= (next - slot & mask)) {
                keys[slot] = keys[next];
                values[slot] = values[next];
                slot = next;
            }
        }
        keys[slot] = null;
        values[slot] = null;
    }

    void clear() {
        Arrays.fill(keys, null);
        Arrays.fill(values, null);
        size = 0;
    }

    /** The map must not be changed meanwhile. */
    @SuppressWarnings("unchecked")
    void forEach(BiConsumer<byte[], V> visitor) {
        for (int slot = 0; slot < keys.length; slot++) {
            if (keys[slot] != null) {
                visitor.accept(keys[slot], (V) values[slot]);
            }
        }
    }

    @SuppressWarnings("unchecked")
    private void grow() {
        byte[][] oldKeys = keys;
        Object[] oldValues = values;
        keys = new byte[oldKeys.length * 2][];
        values = new Object[keys.length];
        size = 0;
        for (int i = 0; i < oldKeys.length; i++) {
            if (oldKeys[i] != null) {
                put(oldKeys[i], (V) oldValues[i]);
            }
        }
    }

    private static int hash(byte[] text, int from, int length) {
        int hash = length;
        for (int i = from; i < from + length; i++) {
            hash = 31 * hash + text[i];
        }
        return hash ^ hash >>> 15;
    }
}
