package io.berth.kernel.linux;

import com.kenai.jffi.MemoryIO;

/** Zeroed native memory for the arguments of one call; freed by {@link #close}. Belongs to the thread that made it. */
final class Scratch implements AutoCloseable {
    private final MemoryIO memory;
    private final int capacity;
    private final long address;

    Scratch(Libc libc, int capacity) {
        this.memory = libc.memory();
        this.capacity = capacity;
        this.address = memory.allocateMemory(capacity, true);
    }

    long address() {
        return address;
    }

    /** @param offset in bytes, like all offsets here */
    long address(int offset) {
        return address + check(offset, 0);
    }

    int getInt(int offset) {
        return memory.getInt(address + check(offset, 4));
    }

    long getLong(int offset) {
        return memory.getLong(address + check(offset, 8));
    }

    void putShort(int offset, int value) {
        memory.putShort(address + check(offset, 2), (short) value);
    }

    void putInt(int offset, int value) {
        memory.putInt(address + check(offset, 4), value);
    }

    void putLong(int offset, long value) {
        memory.putLong(address + check(offset, 8), value);
    }

    byte[] getBytes(int offset, int length) {
        byte[] bytes = new byte[length];
        memory.getByteArray(address + check(offset, length), bytes, 0, length);
        return bytes;
    }

    void putBytes(int offset, byte[] bytes) {
        memory.putByteArray(address + check(offset, bytes.length), bytes, 0, bytes.length);
    }

    @Override
    public void close() {
        memory.freeMemory(address);
    }

    private int check(int offset, int length) {
        if (offset < 0 || length < 0 || offset > capacity - length) {
            throw new IndexOutOfBoundsException(length + " bytes at " + offset + " of " + capacity);
        }
        return offset;
    }
}
