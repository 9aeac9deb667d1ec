package io.berth.relay;

import java.nio.charset.StandardCharsets;

/** Labels that Linux security modules give to processes (SO_PEERSEC of unix(7)). Stateless. */
final class SecurityLabel {
    private SecurityLabel() {
    }

    /** Each byte one character; without the NUL that some modules count. */
    static String text(byte[] label) {
        int length = label.length;
        while (length > 0 && label[length - 1] == 0) {
            length--;
        }
        return new String(label, 0, length, StandardCharsets.ISO_8859_1);
    }

    /** Whether a bus that looks at labels may allow less to it than to any process: not AppArmor's and SELinux's unconfined ones. */
    static boolean isConfined(String label) {
        return !label.isEmpty() && !label.equals("unconfined") && !label.startsWith("unconfined (") && !label.contains(":unconfined_t:");
    }
}
