package io.berth.wire;

import java.nio.charset.StandardCharsets;

/**
 * The type of one value (specification, "Type System"), checked: one complete type of at most 255 bytes, whose arrays and
 * structures are at most 32 deep each. Knows where each type inside it ends. Immutable.
 */
final class Signature {
    private static final int LONGEST = 255;
    private static final int DEEPEST = 32;
    private static final String BASIC = "ybnqiuxtdsogh";

    private final byte[] types;
    private final int[] ends;

    /** @throws MalformedException when it is not one complete type */
    Signature(String text) {
        types = text.getBytes(StandardCharsets.ISO_8859_1);
        ends = new int[types.length];
        if (types.length == 0 || types.length > LONGEST || end(0, 0, 0) != types.length) {
            throw malformed();
        }
    }

    /** @return the index behind the complete type that begins there */
    private int end(int at, int arrays, int structures) {
        int end = switch (type(at)) {
            case 'a' -> {
                if (arrays == DEEPEST) {
                    throw malformed();
                }
                yield type(at + 1) == '{' ? entryEnd(at + 1, arrays + 1, structures) : end(at + 1, arrays + 1, structures);
            }
            case '(' -> structureEnd(at, arrays, structures);
            case 'v' -> at + 1;
            default -> basicEnd(at);
        };
        ends[at] = end;
        return end;
    }

    private int structureEnd(int at, int arrays, int structures) {
        if (structures == DEEPEST || type(at + 1) == ')') {
            throw malformed();
        }
        int member = at + 1;
        while (type(member) != ')') {
            member = end(member, arrays, structures + 1);
        }
        return member + 1;
    }

    private int entryEnd(int at, int arrays, int structures) {
        if (structures == DEEPEST) {
            throw malformed();
        }
        int key = basicEnd(at + 1);
        ends[at + 1] = key;
        int value = end(key, arrays, structures + 1);
        if (type(value) != '}') {
            throw malformed();
        }
        ends[at] = value + 1;
        return value + 1;
    }

    private int basicEnd(int at) {
        if (BASIC.indexOf(type(at)) < 0) {
            throw malformed();
        }
        return at + 1;
    }

    /** The letter at an index; 0 behind the last. */
    char type(int at) {
        return at < types.length ? (char) types[at] : 0;
    }

    /** Where the type that begins there ends. */
    int end(int at) {
        return ends[at];
    }

    /** What the value of a type is aligned to, in bytes. */
    static int alignment(char type) {
        return switch (type) {
            case 'y', 'g', 'v' -> 1;
            case 'n', 'q' -> 2;
            case 'x', 't', 'd', '(', '{' -> 8;
            default -> 4;
        };
    }

    /** How many bytes every value of a type has; 0 where that depends on the value. */
    static int size(char type) {
        return switch (type) {
            case 'y', 'n', 'q', 'b', 'i', 'u', 'h', 'x', 't', 'd' -> alignment(type);
            default -> 0;
        };
    }

    private MalformedException malformed() {
        return new MalformedException("signature «" + new String(types, StandardCharsets.ISO_8859_1) + "», expected one complete type");
    }
}
