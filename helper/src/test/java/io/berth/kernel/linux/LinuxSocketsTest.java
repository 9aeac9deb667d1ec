package io.berth.kernel.linux;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.berth.kernel.FdQueue;
import io.berth.kernel.KernelException;
import io.berth.kernel.NativeBuffer;
import io.berth.kernel.NoFdLeft;
import io.berth.kernel.PeerCredentials;
import io.berth.kernel.Sockets;
import io.berth.kernel.UnixAddress;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Arrays;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoFdLeft.class)
class LinuxSocketsTest {
    private final Libc libc = new Libc();
    private final LinuxKernel kernel = new LinuxKernel(libc);
    private final Sockets sockets = kernel.sockets();
    private final NativeBuffer memory = kernel.allocate(1 << 16);
    private final FdQueue arrived = new FdQueue();
    private int left;
    private int right;

    @BeforeEach
    void connectPair() {
        int[] pair = sockets.pair();
        left = pair[0];
        right = pair[1];
    }

    @AfterEach
    void closePair() {
        kernel.close(left);
        kernel.close(right);
        while (arrived.size() > 0) {
            kernel.close(arrived.remove());
        }
    }

    private void put(String text) {
        memory.bytes().put(0, text.getBytes(StandardCharsets.US_ASCII));
    }

    private int receive(int fd) {
        return sockets.receive(fd, memory.address(), memory.capacity(), arrived);
    }

    private int send(int length, int... fds) {
        return sockets.send(left, memory.address(), length, fds, fds.length);
    }

    @Test
    void send_bytes_arriveUnchanged() {
        put("hello");
        assertEquals(5, sockets.send(left, memory.address(), 5, null, 0));
        put("-----");
        assertEquals(5, receive(right));
        byte[] got = new byte[5];
        memory.bytes().get(0, got);
        assertEquals("hello", new String(got, StandardCharsets.US_ASCII));
        assertEquals(0, arrived.size());
    }

    @Test
    void send_mostFdsOfAMessage_arriveInOrderAsTheSameFiles() throws IOException {
        int[] fds = new int[Sockets.MAX_FDS];
        for (int i = 0; i < fds.length; i++) {
            fds[i] = kernel.openEvent();
            for (int n = 0; n < i % 5; n++) {
                kernel.signalEvent(fds[i]);
            }
        }
        assertEquals(3, send(3, fds));
        assertEquals(3, receive(right));
        assertEquals(fds.length, arrived.size());
        for (int i = 0; i < fds.length; i++) {
            int copy = arrived.remove();
            assertEquals(i % 5, eventCount(copy), "fd " + i);
            assertTrue(Files.readString(Path.of("/proc/self/fdinfo/" + copy)).contains("02004002"), "close-on-exec");
            kernel.close(copy);
            kernel.close(fds[i]);
        }
    }

    private static long eventCount(int fd) throws IOException {
        String info = Files.readString(Path.of("/proc/self/fdinfo/" + fd));
        int at = info.indexOf("eventfd-count:") + "eventfd-count:".length();
        return Long.parseLong(info.substring(at, info.indexOf('\n', at)).strip(), 16);
    }

    @Test
    void send_moreFdsThanAMessageCarries_isRefusedWithTheNumber() {
        IllegalArgumentException refused = assertThrows(IllegalArgumentException.class, () -> send(1, new int[254]));
        assertTrue(refused.getMessage().contains("254 fds"), refused.getMessage());
    }

    @Test
    void receive_moreFdsThanThereIsRoomFor_keepsThoseThatCameAndClosesTheConnection() {
        Sockets narrow = new LinuxSockets(libc, kernel, 2);
        int event = kernel.openEvent();
        assertEquals(1, send(1, event, event, event, event, event));
        assertEquals(Sockets.CLOSED, narrow.receive(right, memory.address(), 100, arrived));
        assertEquals(2, arrived.size());
        kernel.close(event);
    }

    @Test
    void receive_atTheLimitOfOpenFiles_keepsThoseThatCameAndClosesTheConnection() {
        int event = kernel.openEvent();
        assertEquals(1, send(1, event, event, event, event, event));
        int result;
        try (Scratch limit = new Scratch(libc, 16)) {
            libc.call(libc.function("getrlimit"), 7, limit.address());
            long soft = limit.getLong(0);
            int highest = kernel.duplicate(event); // the lowest free number, so all below are taken
            kernel.close(highest);
            limit.putLong(0, highest + 2);
            libc.call(libc.function("setrlimit"), 7, limit.address());
            try {
                result = receive(right);
            } finally {
                limit.putLong(0, soft);
                libc.call(libc.function("setrlimit"), 7, limit.address());
            }
        }
        assertEquals(Sockets.CLOSED, result);
        assertTrue(arrived.size() >= 1 && arrived.size() <= 2, arrived.toString());
        kernel.close(event);
    }

    @Test
    void receive_credentialsAndPidFdBesideFds_takesOnlyTheFds() {
        try (Scratch on = new Scratch(libc, 4)) {
            on.putInt(0, 1);
            long setsockopt = libc.function("setsockopt");
            assertEquals(0, libc.call(setsockopt, right, 1, 16, on.address(), 4)); // SO_PASSCRED
            libc.call(setsockopt, right, 1, 76, on.address(), 4); // SO_PASSPIDFD, where the kernel has it
        }
        int event = kernel.openEvent();
        assertEquals(1, send(1, event, event));
        assertEquals(1, receive(right));
        assertEquals(2, arrived.size());
        kernel.close(event);
    }

    @Test
    void receive_nothingThere_wouldBlock() {
        assertEquals(Sockets.WOULD_BLOCK, receive(right));
    }

    @Test
    void send_fullSocket_wouldBlockAndSendsNoFds() {
        while (sockets.send(left, memory.address(), memory.capacity(), null, 0) != Sockets.WOULD_BLOCK) {
            assertEquals(0, arrived.size());
        }
        int event = kernel.openEvent();
        assertEquals(Sockets.WOULD_BLOCK, send(memory.capacity(), event));
        kernel.close(event);
        while (receive(right) != Sockets.WOULD_BLOCK) {
            assertEquals(0, arrived.size());
        }
    }

    @Test
    void send_partOfTheBytes_takesTheFdsAlong() {
        while (sockets.send(left, memory.address(), 1 << 12, null, 0) > 0) {
            assertEquals(0, arrived.size());
        }
        receive(right);
        int event = kernel.openEvent();
        NativeBuffer large = kernel.allocate(1 << 20);
        int sent = sockets.send(left, large.address(), large.capacity(), new int[] {event}, 1);
        assertTrue(sent > 0 && sent < large.capacity(), "sent " + sent);
        while (receive(right) > 0) {
            assertTrue(arrived.size() <= 1);
        }
        assertEquals(1, arrived.size());
        kernel.close(event);
    }

    @Test
    void receive_otherSideClosed_isEndOfStreamAfterTheLastBytes() {
        send(2);
        kernel.close(left);
        left = kernel.openEvent();
        assertEquals(2, receive(right));
        assertEquals(0, receive(right));
    }

    @Test
    void receiveAndSend_otherSideClosedWithUnreadBytes_areClosed() {
        sockets.send(right, memory.address(), 1, null, 0);
        kernel.close(left);
        left = kernel.openEvent();
        assertEquals(Sockets.CLOSED, receive(right));
        assertEquals(Sockets.CLOSED, sockets.send(right, memory.address(), 1, null, 0));
        assertEquals(Sockets.CLOSED, sockets.send(right, memory.address(), 1, new int[] {left}, 1));
    }

    @Test
    void receive_notAnFd_throwsWithTheReason() {
        KernelException failure = assertThrows(KernelException.class, () -> receive(-1));
        assertEquals(9, failure.errno());
        assertEquals("recvmsg fd -1: Bad file descriptor", failure.getMessage());
    }

    @Test
    void receive_noBytesAskedFor_isRefused() {
        assertThrows(IllegalArgumentException.class, () -> sockets.receive(right, memory.address(), 0, arrived));
        assertThrows(IllegalArgumentException.class, () -> sockets.send(left, memory.address(), 0, null, 0));
    }

    @Test
    void receiveAndSend_manyTimes_allocateNothing() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        int event = kernel.openEvent();
        int[] fds = {event};
        long allocated = 0;
        for (int round = 0; round < 3; round++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 20_000; i++) {
                sockets.send(left, memory.address(), 100, fds, i % 2);
                sockets.receive(right, memory.address(), 100, arrived);
                sockets.receive(right, memory.address(), 100, arrived);
                if (arrived.size() > 0) {
                    kernel.close(arrived.remove());
                }
            }
            allocated = threads.getCurrentThreadAllocatedBytes() - before;
        }
        assertTrue(allocated < 20_000, allocated + " bytes in 20,000 rounds");
        kernel.close(event);
    }

    @Test
    void listen_umaskZero_socketIsForItsOwnerOnly(@TempDir Path directory) throws IOException {
        long umask = libc.function("umask");
        int before = libc.call(umask, 0);
        Path path = directory.resolve("bus");
        int fd = sockets.listen(path, 10);
        libc.call(umask, before);
        kernel.close(fd);
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(path)));
    }

    @Test
    void listen_placeTaken_throwsAndKeepsNoFd(@TempDir Path directory) throws IOException {
        Path path = Files.createFile(directory.resolve("taken"));
        KernelException failure = assertThrows(KernelException.class, () -> sockets.listen(path, 10));
        assertEquals("bind " + path + ": Address already in use", failure.getMessage());
    }

    @Test
    void listen_pathLongerThanTheKernelTakes_isRefusedWithItsLength(@TempDir Path directory) {
        String prefix = directory + "/";
        Path longest = Path.of(prefix + "x".repeat(107 - prefix.length()));
        kernel.close(sockets.listen(longest, 1));
        KernelException nobody = assertThrows(KernelException.class,
                () -> sockets.connect(new UnixAddress(longest.toString(), false)));
        assertEquals("connect " + longest + ": Connection refused", nobody.getMessage());
        Path tooLong = Path.of(longest + "x");
        IllegalArgumentException refused = assertThrows(IllegalArgumentException.class, () -> sockets.listen(tooLong, 1));
        assertEquals("socket address " + tooLong + " has 108 bytes: expected 1 to 107", refused.getMessage());
        assertFalse(Files.exists(tooLong));
    }

    @Test
    void accept_connections_untilNobodyWaits(@TempDir Path directory) {
        Path path = directory.resolve("bus");
        int listening = sockets.listen(path, 10);
        assertEquals(Sockets.WOULD_BLOCK, sockets.accept(listening));
        int client = sockets.connect(new UnixAddress(path.toString(), false));
        int server = sockets.accept(listening);
        assertEquals(Sockets.WOULD_BLOCK, sockets.accept(listening));
        sockets.send(client, memory.address(), 7, null, 0);
        assertEquals(7, receive(server));
        assertEquals(Sockets.WOULD_BLOCK, receive(server));
        kernel.close(client);
        assertEquals(0, receive(server));
        kernel.close(server);
        kernel.close(listening);
    }

    @Test
    void connect_backlogFull_wouldBlockAndKeepsNoFd(@TempDir Path directory) {
        Path path = directory.resolve("bus");
        UnixAddress address = new UnixAddress(path.toString(), false);
        int listening = sockets.listen(path, 1);
        TreeSet<Integer> clients = new TreeSet<>();
        int client;
        while ((client = sockets.connect(address)) != Sockets.WOULD_BLOCK) {
            assertTrue(clients.add(client) && clients.size() < 10, "clients " + clients);
        }
        assertEquals(2, clients.size());
        clients.forEach(kernel::close);
        kernel.close(listening);
    }

    @Test
    void connect_nobodyThere_throwsWithTheAddress() {
        KernelException failure = assertThrows(KernelException.class,
                () -> sockets.connect(new UnixAddress("/nonexistent/bus", false)));
        assertEquals("connect /nonexistent/bus: No such file or directory", failure.getMessage());
    }

    @Test
    void connect_badName_isRefused() {
        assertThrows(IllegalArgumentException.class, () -> sockets.connect(new UnixAddress("", false)));
        assertThrows(IllegalArgumentException.class, () -> sockets.connect(new UnixAddress("", true)));
        assertThrows(IllegalArgumentException.class, () -> sockets.connect(new UnixAddress("/tmp/a\0b", false)));
        assertThrows(IllegalArgumentException.class, () -> sockets.connect(new UnixAddress("a".repeat(108), true)));
    }

    @Test
    void connect_abstractName_reachesThatListener() {
        String name = "berth-test-" + ProcessHandle.current().pid() + "-\u00e4";
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        int listening;
        try (Scratch address = new Scratch(libc, 110)) {
            listening = libc.call(libc.function("socket"), 1, 1 | LinuxKernel.NONBLOCK, 0);
            address.putShort(0, 1);
            address.putBytes(3, bytes);
            assertEquals(0, libc.call(libc.function("bind"), listening, address.address(), 3 + bytes.length));
            assertEquals(0, libc.call(libc.function("listen"), listening, 1));
        }
        int client = sockets.connect(new UnixAddress(name, true));
        int server = sockets.accept(listening);
        assertNotEquals(Sockets.WOULD_BLOCK, server);
        kernel.close(server);
        kernel.close(client);
        kernel.close(listening);
    }

    @Test
    void peerCredentials_ownProcess_areWhatTheProcessHas() throws IOException {
        PeerCredentials peer = sockets.peerCredentials(left);
        assertEquals(kernel.userId(), peer.uid());
        assertEquals(ProcessHandle.current().pid(), peer.pid());
        String status = Files.readString(Path.of("/proc/self/status"));
        int[] groups = Arrays.stream(field(status, "Groups:").split("\\s+")).filter(s -> !s.isEmpty())
                .mapToInt(Integer::parseInt).toArray();
        assertArrayEquals(groups, Arrays.stream(peer.groups()).sorted().toArray());
        assertEquals(field(status, "Gid:").split("\\s+")[1], Integer.toString(peer.gid()));
        if (peer.pidFd() >= 0) {
            String info = Files.readString(Path.of("/proc/self/fdinfo/" + peer.pidFd()));
            assertEquals(Long.toString(ProcessHandle.current().pid()), field(info, "Pid:"));
            kernel.close(peer.pidFd());
        }
    }

    private static String field(String text, String name) {
        return text.lines().filter(line -> line.startsWith(name)).findFirst().orElseThrow()
                .substring(name.length()).strip();
    }

    @Test
    void peerCredentials_processOfManyGroupsThatIsGone_areStillTold(@TempDir Path directory) throws Exception {
        Path path = directory.resolve("bus");
        int listening = sockets.listen(path, 10);
        Process process = new ProcessBuilder("/usr/bin/python3", "-c", """
                import os, socket, sys
                if os.geteuid() == 0: os.setgroups(range(5000, 5500))
                s = socket.socket(socket.AF_UNIX)
                s.connect(sys.argv[1])
                """, path.toString()).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        assertEquals(0, process.waitFor());
        process.destroy();
        int server = sockets.accept(listening);
        PeerCredentials peer = sockets.peerCredentials(server);
        assertEquals(process.pid(), peer.pid());
        if (kernel.userId() == 0) {
            assertEquals(500, peer.groups().length);
            assertEquals(5499, Arrays.stream(peer.groups()).max().orElseThrow());
        }
        if (peer.pidFd() >= 0) {
            kernel.close(peer.pidFd());
        }
        kernel.close(server);
        kernel.close(listening);
        process.getInputStream().close();
        process.getOutputStream().close();
    }

    @Test
    void peerCredentials_notASocket_throws() {
        int event = kernel.openEvent();
        KernelException failure = assertThrows(KernelException.class, () -> sockets.peerCredentials(event));
        assertEquals("getsockopt SO_PEERCRED fd " + event + ": Socket operation on non-socket", failure.getMessage());
        kernel.close(event);
    }

    private int flags(int fd) throws IOException {
        String line = Files.readAllLines(Path.of("/proc/self/fdinfo/" + fd)).stream().filter(one -> one.startsWith("flags:")).findFirst().orElseThrow();
        return Integer.parseInt(line.substring("flags:".length()).strip(), 8);
    }

    @Test
    void everySocket_isClosedOnExecAndDoesNotWait(@TempDir Path directory) throws IOException {
        UnixAddress address = new UnixAddress(directory.resolve("socket").toString(), false);
        int listener = sockets.listen(directory.resolve("socket"), 5);
        int client = sockets.connect(address);
        int accepted = sockets.accept(listener);
        send(1, left);
        receive(right);
        int came = arrived.remove();
        int copy = kernel.duplicate(left);
        for (int fd : new int[] {left, right, listener, client, accepted, came, copy}) {
            assertEquals(LinuxKernel.CLOEXEC, flags(fd) & LinuxKernel.CLOEXEC, "fd " + fd);
            assertEquals(LinuxKernel.NONBLOCK, flags(fd) & LinuxKernel.NONBLOCK, "fd " + fd);
        }
        for (int fd : new int[] {listener, client, accepted, came, copy}) {
            kernel.close(fd);
        }
    }

    /** Sockets that a connector hands over, or a launcher, are set as they like. */
    @Test
    void sendAndReceive_onASocketThatWaits_doNotWait() {
        for (int fd : new int[] {left, right}) {
            assertEquals(0, libc.call(libc.function("fcntl"), fd, 4, 0));
        }
        assertTimeoutPreemptively(Duration.ofSeconds(30), () -> {
            assertEquals(Sockets.WOULD_BLOCK, receive(right));
            int sent = 1;
            while (sent > 0) {
                sent = send(memory.capacity());
            }
            assertEquals(Sockets.WOULD_BLOCK, sent);
            do {
                sent = send(1, right);
            } while (sent > 0);
            assertEquals(Sockets.WOULD_BLOCK, sent);
        });
    }

    @Test
    void lastSender_ofAMessageWithoutCredentials_isNobody() {
        int[] other = sockets.pair();
        sockets.passCredentials(other[1]);
        sockets.send(other[0], memory.address(), 1, null, 0);
        assertEquals(1, receive(other[1]));
        assertEquals(kernel.processId(), sockets.lastSender());
        send(1);
        assertEquals(1, receive(right));
        assertEquals(0, sockets.lastSender());
        kernel.close(other[0]);
        kernel.close(other[1]);
    }
}
