package io.berth.policy.apparmor;

/**
 * Some of the 256 bytes, never NUL: no field of a message holds one, and in AppArmor's automaton it only separates fields.
 * Immutable.
 */
record ByteSet(long a, long b, long c, long d) {
    private static final ByteSet[] SINGLES = new ByteSet[256];
    static final ByteSet NONE = new ByteSet(0, 0, 0, 0);
    static final ByteSet ANY = new ByteSet(~1L, ~0L, ~0L, ~0L);
    static final ByteSet NOT_SLASH = ANY.minus(single('/'));

    ByteSet {
        a &= ~1L;
    }

    static synchronized ByteSet single(int value) {
        if (SINGLES[value] == null) {
            SINGLES[value] = NONE.plusRange(value, value);
        }
        return SINGLES[value];
    }

    /** With all from {@code first} to {@code last}, both included. */
    ByteSet plusRange(int first, int last) {
        long[] words = {a, b, c, d};
        for (int value = first; value <= last; value++) {
            words[value >> 6] |= 1L << value;
        }
        return new ByteSet(words[0], words[1], words[2], words[3]);
    }

    ByteSet minus(ByteSet other) {
        return new ByteSet(a & ~other.a, b & ~other.b, c & ~other.c, d & ~other.d);
    }

    boolean contains(int value) {
        long word = switch (value >> 6) {
            case 0 -> a;
            case 1 -> b;
            case 2 -> c;
            default -> d;
        };
        return (word & 1L << value) != 0;
    }

    /** The only byte in it, -1 when there are none or several. */
    int onlyByte() {
        if (Long.bitCount(a) + Long.bitCount(b) + Long.bitCount(c) + Long.bitCount(d) != 1) {
            return -1;
        }
        return a != 0 ? Long.numberOfTrailingZeros(a)
                : b != 0 ? 64 + Long.numberOfTrailingZeros(b)
                : c != 0 ? 128 + Long.numberOfTrailingZeros(c) : 192 + Long.numberOfTrailingZeros(d);
    }
}
