package io.berth.transport;

import com.kenai.jffi.MemoryIO;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.stream.IntStream;

/**
 * A msghdr with one iovec and room for {@link #CHUNK} bytes and {@link #MAX_FDS} fds, in native memory that lives as long
 * as this object (sendmsg(2), cmsg(3); offsets of 64-bit Linux). For one thread at a time; owns no fd.
 */
final class Envelope {
    /** SCM_MAX_FD of the kernel: as many fds as one sendmsg(2) takes. */
    static final int MAX_FDS = 253;
    /** Bytes that one system call moves at most. */
    static final int CHUNK = 16 * 1024;

    private static final int SOL_SOCKET = 1;
    private static final int SCM_RIGHTS = 1;
    private static final int MSG_CTRUNC = 0x8;
    // msghdr: name, its length, iovec and count, control and its length, flags
    private static final int VECTOR_ADDRESS = 16;
    private static final int VECTOR_COUNT = 24;
    private static final int CONTROL_ADDRESS = 32;
    private static final int CONTROL_LENGTH = 40;
    private static final int FLAGS = 48;
    private static final int VECTOR = 56;
    // cmsghdr: length, level, type, then the fds
    private static final int CONTROL = 72;
    private static final int CONTROL_HEADER = 16;
    private static final int CONTROL_ROOM = CONTROL_HEADER + (MAX_FDS + 1) * 4;
    private static final int DATA = CONTROL + CONTROL_ROOM;

    private final ByteBuffer memory = ByteBuffer.allocateDirect(DATA + CHUNK).order(ByteOrder.nativeOrder());
    private final long address = MemoryIO.getInstance().getDirectBufferAddress(memory);

    /** Of the msghdr. */
    long address() {
        return address;
    }

    /** Before recvmsg(2). @param length 1 to {@link #CHUNK} */
    void expect(int length) {
        prepare(length, CONTROL_ROOM);
    }

    /** After recvmsg(2): the fds that have come. */
    int[] fds() {
        int end = CONTROL + (int) memory.getLong(CONTROL_LENGTH);
        int at = CONTROL;
        IntStream.Builder fds = IntStream.builder();
        while (at + CONTROL_HEADER <= end) {
            int length = (int) memory.getLong(at);
            if (memory.getInt(at + 8) == SOL_SOCKET && memory.getInt(at + 12) == SCM_RIGHTS) {
                for (int fd = at + CONTROL_HEADER; fd < at + length; fd += 4) {
                    fds.add(memory.getInt(fd));
                }
            }
            at += (length + 7) & ~7;
        }
        return fds.build().toArray();
    }

    /** After recvmsg(2): whether some of the fds that were sent were lost, as at the limit of open files. */
    boolean isTruncated() {
        return (memory.getInt(FLAGS) & MSG_CTRUNC) != 0;
    }

    /** After recvmsg(2). */
    void get(byte[] target, int offset, int length) {
        memory.get(DATA, target, offset, length);
    }

    /** Before sendmsg(2). @param length 1 to {@link #CHUNK} @param fds at most {@link #MAX_FDS} */
    void put(byte[] source, int offset, int length, int[] fds) {
        memory.put(DATA, source, offset, length);
        if (fds.length == 0) {
            prepare(length, 0);
            return;
        }
        int control = CONTROL_HEADER + 4 * fds.length;
        prepare(length, (control + 7) & ~7);
        memory.putLong(CONTROL, control);
        memory.putInt(CONTROL + 8, SOL_SOCKET);
        memory.putInt(CONTROL + 12, SCM_RIGHTS);
        for (int i = 0; i < fds.length; i++) {
            memory.putInt(CONTROL + CONTROL_HEADER + 4 * i, fds[i]);
        }
    }

    private void prepare(int length, int controlLength) {
        memory.putLong(VECTOR_ADDRESS, address + VECTOR);
        memory.putLong(VECTOR_COUNT, 1);
        memory.putLong(CONTROL_ADDRESS, controlLength == 0 ? 0 : address + CONTROL);
        memory.putLong(CONTROL_LENGTH, controlLength);
        memory.putInt(FLAGS, 0);
        memory.putLong(VECTOR, address + DATA);
        memory.putLong(VECTOR + 8, length);
    }
}
