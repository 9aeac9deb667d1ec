package io.berth.kernel.linux;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JournalSocketTest {
    @TempDir
    private Path directory;

    @Test
    void entry_withTextsOfAllKinds_isOneDatagramInTheNativeForm() throws Exception {
        Path socket = directory.resolve("socket");
        Path datagram = directory.resolve("datagram");
        Process receiver = new ProcessBuilder("/usr/bin/python3", "-c", """
                import socket, sys
                s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
                s.bind(sys.argv[1])
                print(flush=True)
                data = s.recv(1 << 20)
                open(sys.argv[2], 'wb').write(data)
                """, socket.toString(), datagram.toString()).redirectErrorStream(true).start();
        receiver.getInputStream().read();
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put("MESSAGE", "\u00e4 = \"b\"");
        fields.put("PATH", "x\nMESSAGE=forged");
        fields.put("LAST", "1");
        assertTrue(new JournalSocket(socket.toString(), null).write(fields));
        receiver.waitFor();
        byte[] expected = "MESSAGE=\u00e4 = \"b\"\nPATH\n\020\0\0\0\0\0\0\0x\nMESSAGE=forged\nLAST=1\n".getBytes(StandardCharsets.UTF_8);
        assertArrayEquals(expected, Files.readAllBytes(datagram));
    }

    @Test
    void entry_withoutAJournal_orTooLargeForIt_isNotTaken() {
        JournalSocket nobody = new JournalSocket(directory.resolve("nothing").toString(), "1:2");
        assertFalse(nobody.write(Map.of("MESSAGE", "x")));
        assertFalse(nobody.isStandardError());
    }
}
