package io.berth.kernel.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.kernel.MountException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A mount that does not come to an end is given up, and undone when it does; in the place of berth-mount one that waits. */
class MountPatienceTest {
    /** Unmounting makes a file at the target, to be seen from here. */
    private static final String PROGRAM = """
            #!/bin/sh
            if [ "$1" = mount ]; then /bin/head -c 64 /dev/zero >&6; exec /bin/sleep 1000; fi
            for target; do :; done
            : >"$target"
            echo 0 0 0 0 0 0 0 0
            """;
    private static final String LIBRARY = """
            #include <fcntl.h>
            #include <string.h>
            #include <unistd.h>
            void berth_mount(const long in[], const char *name, const char *target, long out[])
            {
                sleep(7);
                memset(out, 0, 64);
                pwrite(in[4], out, 64, 0);
            }
            void berth_unmount(const long in[], const char *target, long out[])
            {
                close(creat(target, 0600));
                memset(out, 0, 64);
            }
            """;

    @TempDir
    private Path directory;

    @Test
    @Timeout(value = 60, unit = TimeUnit.SECONDS)
    void program_thatHangs_isKilledAndItsWorkUndone() throws Exception {
        Path program = Files.writeString(directory.resolve("berth-mount"), PROGRAM);
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
        checkGivenUpAndUndone(new LinuxMountNamespaces(directory, false, true));
        assertEquals(0, ProcessHandle.current().children().count(), "a child is left");
    }

    @Test
    @Timeout(value = 60, unit = TimeUnit.SECONDS)
    void thread_thatHangs_isUndoneOnceItIsThrough() throws Exception {
        Path source = Files.writeString(directory.resolve("fake.c"), LIBRARY);
        Process compiler = new ProcessBuilder("gcc", "-shared", "-fPIC", "-o", directory.resolve("libberth-mount.so").toString(), source.toString())
                .inheritIO().start();
        assertEquals(0, compiler.waitFor());
        checkGivenUpAndUndone(new LinuxMountNamespaces(directory, true, true));
    }

    private void checkGivenUpAndUndone(LinuxMountNamespaces namespaces) throws IOException {
        Path target = directory.resolve("target");
        LinuxKernel kernel = new LinuxKernel();
        int namespace = namespaces.open(Path.of("/proc/self/ns/mnt"));
        try (ServerSocketChannel socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            socket.bind(UnixDomainSocketAddress.of(directory.resolve("7")));
            MountException late = assertThrows(MountException.class, () -> namespaces.mount(namespace, directory.resolve("7"), target.toString(), false,
                    directory.resolve("record")));
            assertTrue(late.getMessage().contains("no answer within 5 s"), late.getMessage());
        } finally {
            kernel.close(namespace);
        }
        Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> Files.exists(target) && !Files.exists(directory.resolve("record")));
    }
}
