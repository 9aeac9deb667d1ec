package io.berth.relay;

import io.berth.api.AppId;
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

    /** A label without the mode that AppArmor puts behind it, as in {@code /usr/bin/foo (enforce)} (aa_splitcon of aa_getcon(2)). */
    static String name(String label) {
        int mode = label.endsWith(")") ? label.lastIndexOf(" (") : -1;
        return mode < 0 ? label : label.substring(0, mode);
    }

    /** Of a confined connection: {@code berth//TYPE//APP_ID}, and what its socket says where that confines it too. */
    static byte[][] ofConfined(AppId app, byte[] socketLabel) {
        byte[] ours = app.label().getBytes(StandardCharsets.UTF_8);
        String theirs = text(socketLabel);
        return isConfined(theirs) ? new byte[][] {ours, name(theirs).getBytes(StandardCharsets.ISO_8859_1)} : new byte[][] {ours};
    }

    /** Whether a bus that looks at labels may allow less to it than to any process: not AppArmor's and SELinux's unconfined ones. */
    static boolean isConfined(String label) {
        return !label.isEmpty() && !label.equals("unconfined") && !label.startsWith("unconfined (") && !label.contains(":unconfined_t:");
    }
}
