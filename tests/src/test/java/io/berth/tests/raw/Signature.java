package io.berth.tests.raw;

import java.util.ArrayList;
import java.util.List;

/** Takes type signatures apart (D-Bus specification, "Type System"). Trusts its input: tests that lie do so in bytes. */
final class Signature {
    private Signature() {
    }

    /** The single complete types that {@code signature} consists of. */
    static List<String> split(String signature) {
        List<String> types = new ArrayList<>();
        int at = 0;
        while (at < signature.length()) {
            int end = end(signature, at);
            types.add(signature.substring(at, end));
            at = end;
        }
        return types;
    }

    private static int end(String signature, int at) {
        char code = signature.charAt(at);
        if (code == 'a') {
            return end(signature, at + 1);
        }
        if (code != '(' && code != '{') {
            return at + 1;
        }
        int inner = at + 1;
        while (signature.charAt(inner) != ')' && signature.charAt(inner) != '}') {
            inner = end(signature, inner);
        }
        return inner + 1;
    }

    static int alignment(char code) {
        return switch (code) {
            case 'y', 'g', 'v' -> 1;
            case 'n', 'q' -> 2;
            case 'x', 't', 'd', '(', '{' -> 8;
            default -> 4;
        };
    }
}
