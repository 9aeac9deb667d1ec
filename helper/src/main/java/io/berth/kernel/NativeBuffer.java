package io.berth.kernel;

import java.nio.ByteBuffer;

/**
 * Memory outside the heap with its address, so that the same bytes can be read in Java and named in a system call.
 *
 * @param bytes   a direct buffer in native byte order; its position and limit belong to whoever uses it
 * @param address the address of byte 0; valid as long as {@code bytes} is reachable
 */
public record NativeBuffer(ByteBuffer bytes, long address) {
    public int capacity() {
        return bytes.capacity();
    }
}
