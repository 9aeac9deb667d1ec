package io.berth.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against a server that says what it is told to say; that real buses let us in, every test with a bus shows. */
class ExternalAuthenticationTest {
    @TempDir
    private Path directory;
    private final List<String> heard = new ArrayList<>();

    @FunctionalInterface
    private interface Step {
        void run(UnixChannel channel) throws IOException;
    }

    /** Answers each line that comes with the next of {@code answers}, says {@code last} after the third, then ends. */
    private void with(List<String> answers, String last, Step step) throws IOException {
        Path socket = directory.resolve("bus");
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(socket));
            CompletableFuture<Void> serving = CompletableFuture.runAsync(() -> serve(server, answers, last));
            try (UnixChannel channel = UnixChannel.connect(new BusLocation(socket.toString(), false, ""))) {
                step.run(channel);
            }
            serving.join();
        }
    }

    private void serve(ServerSocketChannel server, List<String> answers, String last) {
        try (SocketChannel client = server.accept();
                BufferedReader lines = new BufferedReader(new InputStreamReader(Channels.newInputStream(client), StandardCharsets.US_ASCII))) {
            for (String answer : answers) {
                heard.add(lines.readLine());
                say(client, answer + "\r\n");
            }
            if (!last.isEmpty()) {
                heard.add(lines.readLine());
                say(client, last);
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private static void say(SocketChannel client, String text) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
        while (bytes.hasRemaining()) {
            client.write(bytes);
        }
    }

    private static void assertNext(UnixChannel channel, String expected) throws IOException {
        byte[] next = new byte[64];
        int length = channel.receive(next, 0, next.length);
        assertEquals(expected, new String(next, 0, length, StandardCharsets.US_ASCII));
    }

    @Test
    void run_busThatAgrees_sendsNumericUserIdInHexAndLeavesTheFirstMessage() throws IOException {
        with(List.of("OK 1234deadbeef", "AGREE_UNIX_FD"), "message", channel -> {
            assertTrue(new ExternalAuthentication(channel).run());
            assertNext(channel, "message");
        });
        StringBuilder hex = new StringBuilder();
        Long.toString(NativeSockets.userId()).chars().forEach(digit -> hex.append(Integer.toHexString(digit)));
        assertEquals(List.of("\0AUTH EXTERNAL " + hex, "NEGOTIATE_UNIX_FD", "BEGIN"), heard);
    }

    @Test
    void run_busWithoutDescriptors_connectsWithoutThem() throws IOException {
        with(List.of("OK 1234deadbeef", "ERROR \"no such command\""), "message", channel -> {
            assertFalse(new ExternalAuthentication(channel).run());
            assertNext(channel, "message");
        });
    }

    @Test
    void run_busThatRefuses_saysWhatItSaid() throws IOException {
        with(List.of("REJECTED EXTERNAL ANONYMOUS"), "", channel -> {
            IOException refused = assertThrows(IOException.class, new ExternalAuthentication(channel)::run);
            assertTrue(refused.getMessage().contains("'REJECTED EXTERNAL ANONYMOUS', expected OK"), refused.getMessage());
        });
    }

    @Test
    void run_busThatEndsTheConnection_fails() throws IOException {
        with(List.of(), "", channel -> assertThrows(IOException.class, new ExternalAuthentication(channel)::run));
    }

    @Test
    void run_answerWithoutEnd_fails() throws IOException {
        with(List.of("OK " + "x".repeat(1100)), "", channel -> {
            IOException tooLong = assertThrows(IOException.class, new ExternalAuthentication(channel)::run);
            assertTrue(tooLong.getMessage().contains("more than 1024 bytes"), tooLong.getMessage());
        });
    }
}
