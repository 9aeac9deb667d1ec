package io.berth.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.berth.policy.apparmor.Permission;
import io.berth.wire.MessageHeader;
import io.berth.wire.MessageWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** A peer may have several labels: each is asked about alone, any may allow, and a denial wins. */
class LabelPolicyTest {
    private static final byte[] SESSION = bytes("session");

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static boolean allows(String policy, String... labels) {
        MessageHeader header = new MessageHeader();
        header.read(ByteBuffer.wrap(MessageWriter.methodCall(1, "org.example.Foo", "/", "org.example.I", "Do").toBytes()), 0);
        return LabelPolicy.compile(policy, "berth//t//app").check(Permission.SEND, SESSION, header, MessageHeader.DESTINATION, new byte[0][],
                Arrays.stream(labels).map(LabelPolicyTest::bytes).toArray(byte[][]::new)).allow();
    }

    @Test
    void labels_several_anyAllows() {
        String policy = "dbus send bus=session peer=(label=second),";
        assertEquals(true, allows(policy, "first", "second"));
        assertEquals(true, allows(policy, "second", "first"));
        assertEquals(false, allows(policy, "first", "third"));
    }

    @Test
    void labels_several_aDenialWins() {
        String policy = "dbus send bus=session,\ndeny dbus send bus=session peer=(label=second),";
        assertEquals(true, allows(policy, "first"));
        assertEquals(false, allows(policy, "first", "second"));
        assertEquals(false, allows(policy, "second", "first"));
    }
}
