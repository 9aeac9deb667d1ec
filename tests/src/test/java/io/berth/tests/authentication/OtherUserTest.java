package io.berth.tests.authentication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.Program;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.Libc;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Another user's process gets no word out of the socket, even where the file modes would let it in. Needs root to become one. */
class OtherUserTest {
    private static final String SCRIPT = """
            import socket, sys
            s = socket.socket(socket.AF_UNIX)
            s.settimeout(10)
            s.connect(sys.argv[1])
            got = b''
            try:
                s.sendall(b'\\0AUTH EXTERNAL 30\\r\\n')
                got = s.recv(100)
            except (BrokenPipeError, ConnectionResetError):
                pass
            print('got', got)
            """;

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    @Test
    void client_ofAnotherUser_isDropped() throws IOException {
        assumeTrue(Libc.LIBC.getuid() == 0, "becoming another user needs root");
        ContainerServer server = HOUSE.server();
        Files.setPosixFilePermissions(server.socket(), PosixFilePermissions.fromString("rw-rw-rw-"));
        for (Path up = server.socket().getParent(); up != null; up = up.getParent()) {
            if (up.startsWith(HOUSE.runtime().getParent())) {
                Files.setPosixFilePermissions(up, PosixFilePermissions.fromString("rwxr-xr-x"));
            }
        }
        Program stranger = HOUSE.run(server, "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                "/usr/bin/python3", "-c", SCRIPT, server.socket().toString());
        assertEquals(0, stranger.exitStatus(Duration.ofSeconds(20)), stranger.errors());
        assertEquals("got b''", stranger.output().strip());

        Program same = HOUSE.run(server, "/usr/bin/python3", "-c", SCRIPT, server.socket().toString());
        assertEquals(0, same.exitStatus(Duration.ofSeconds(20)), same.errors());
        assertTrue(same.output().contains("OK " + HOUSE.bus().guid()), same.output());
    }
}
