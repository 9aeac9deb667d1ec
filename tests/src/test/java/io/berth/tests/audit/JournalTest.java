package io.berth.tests.audit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.berth.tests.house.BerthDaemon;
import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.HelperApi;
import io.berth.tests.house.PrivateBus;
import io.berth.tests.house.Program;
import io.berth.tests.raw.Libc;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import io.berth.tests.raw.RawSocket;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The daemon beside a real systemd-journald, both in a mount namespace of their own with another /run. */
class JournalTest {
    private static final String JOURNALD = "/usr/lib/systemd/systemd-journald";
    /** $1: what becomes /run; the rest: a command. journald ends with it. */
    private static final String SCRIPT = """
            mount --bind "$1" /run
            shift
            mkdir -p /run/systemd/journal /run/log/journal
            %s &
            journald=$!
            while [ ! -S /run/systemd/journal/socket ] && kill -0 $journald; do :; done
            "$@" &
            daemon=$!
            trap 'kill $daemon' TERM
            wait $daemon
            wait $daemon
            status=$?
            kill $journald
            wait $journald
            exit $status
            """.formatted(JOURNALD);

    @TempDir
    private Path directory;
    private Path run;
    private Path outputs;

    @BeforeEach
    void prepare() throws IOException {
        assumeTrue(Libc.LIBC.getuid() == 0, "another /run needs a mount, and so root");
        run = Files.createDirectory(directory.resolve("run"));
        outputs = Files.createDirectory(directory.resolve("out"));
    }

    /** With {@code command} as the daemon, whose session bus it is; ends it afterwards. @return what the daemon said on standard error */
    private String withDaemon(List<String> wrapper, java.util.function.Consumer<RawClient> work) throws IOException {
        Path runtime = Files.createDirectory(directory.resolve("runtime"));
        try (PrivateBus bus = PrivateBus.session(runtime, outputs)) {
            List<String> command = new ArrayList<>(List.of("unshare", "-m", "sh", "-c", SCRIPT, "sh", run.toString()));
            command.addAll(wrapper);
            command.addAll(BerthDaemon.command("daemon"));
            try (Program daemon = Program.start(outputs, Map.of("XDG_RUNTIME_DIR", runtime.toString(), "DBUS_SESSION_BUS_ADDRESS",
                    bus.address(), "DBUS_SYSTEM_BUS_ADDRESS", "unix:path=" + directory.resolve("none")), command); RawClient client = bus.connect()) {
                Awaitility.await().atMost(Command.PATIENCE).until(() -> {
                    assertTrue(daemon.isAlive(), daemon.errors());
                    return (Boolean) client.bus("NameHasOwner", "s", BerthDaemon.NAME).arg();
                });
                work.accept(client);
                daemon.terminate();
                assertEquals(0, daemon.exitStatus(Command.PATIENCE), daemon.errors());
                return daemon.errors();
            }
        }
    }

    private List<Map<String, String>> entries() {
        try (Program journalctl = Program.start(outputs, Map.of(), List.of("journalctl", "--directory=" + run.resolve("log/journal"), "--no-pager",
                "-o", "json", "--all", "MESSAGE_ID=b9c1f6a2d7e04b58a3f5c6e81d20497e"))) {
            assertEquals(0, journalctl.exitStatus(Command.PATIENCE), journalctl.errors());
            return Command.json(journalctl.output());
        }
    }

    private void refuse(RawClient client) {
        ContainerServer server = new HelperApi(client).add("org.test.Evil app");
        try (RawClient app = server.connect()) {
            app.answer(Message.call("org.test.Plain", "/org/test", "org.test.I", "Plain"));
            app.answer(Message.call("org.test.Forged", "/\nMESSAGE=forged\nBERTH_APP_ID=org.test.Other", "org.test.I", "For\u0001ged"));
            Awaitility.await().atMost(Command.PATIENCE).until(() -> entries().size() >= 2);
        }
    }

    @Test
    void denials_areEntriesWithFields_andLines() throws IOException {
        String errors = withDaemon(List.of(), this::refuse);
        List<Map<String, String>> entries = entries();
        assertEquals(2, entries.size());
        Map<String, String> plain = entries.get(0);
        assertEquals(List.of("1", "org.test.Sandbox", "org.test.Evil app", "denied", "method_call", "session", "outgoing", "org.test.Plain", "/org/test",
                "org.test.I", "Plain", "5", "berth", "missing permission CALL on org.test.Plain",
                "--rule=see+call:org.test.Plain=org.test.I.Plain@/org/test"),
                List.of("SERVER", "APP_TYPE", "APP_ID", "VERDICT", "OPERATION", "BUS", "DIRECTION", "NAME", "PATH", "INTERFACE", "MEMBER",
                        "priority", "identifier", "RULE", "SUGGESTION").stream().map(field -> plain.get(switch (field) {
                            case "priority" -> "PRIORITY";
                            case "identifier" -> "SYSLOG_IDENTIFIER";
                            default -> "BERTH_" + field;
                        })).toList());
        Map<String, String> forged = entries.get(1);
        assertEquals("org.test.Evil app", forged.get("BERTH_APP_ID"));
        assertTrue(forged.get("MESSAGE").startsWith("server 1 of org.test.Evil app: denied: outgoing method_call to org.test.Forged"), forged.get("MESSAGE"));
        assertEquals(Long.toString(ProcessHandle.current().pid()), forged.get("BERTH_PID"));
        assertEquals("apparmor=\"DENIED\" operation=\"dbus_method_call\"  bus=\"session\" path=\"/org/test\" interface=\"org.test.I\" member=\"Plain\""
                + " mask=\"send\" name=\"org.test.Plain\" pid=" + ProcessHandle.current().pid() + " label=\"berth//org.test.Sandbox//org.test.Evil app\"",
                plain.get("BERTH_APPARMOR"));
        for (Map<String, String> entry : entries) {
            assertTrue(errors.lines().anyMatch(line -> line.endsWith(entry.get("BERTH_APPARMOR"))), errors);
            assertTrue(errors.lines().anyMatch(line -> line.endsWith(entry.get("MESSAGE"))), errors);
        }
    }

    @Test
    void denials_whereStandardErrorIsTheJournal_areNotWrittenTwice() throws IOException {
        // what a service manager does (systemd.exec(5), JOURNAL_STREAM)
        String errors = withDaemon(List.of("sh", "-c", "export JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2); exec \"$@\"", "sh"), this::refuse);
        assertEquals(2, entries().size());
        assertFalse(errors.contains("org.test.Plain"), errors);
    }

    /**
     * What journald takes of one service in 30 s before it drops what comes (journald.conf(5), RateLimitBurst). This one does not limit,
     * because it knows the daemon for no service; so what it got is counted.
     */
    private static final int LIMIT = 10_000;
    private static final int CLIENTS = 12_000;

    @Test
    void floodOfLinesOfAnyKind_leavesRoomForWhatOthersAreDenied() throws IOException {
        String errors = withDaemon(List.of(), client -> {
            HelperApi helper = new HelperApi(client);
            ContainerServer evil = helper.add("org.test.Evil");
            List<RawClient> open = new ArrayList<>();
            for (int i = 0; i < 64; i++) {
                open.add(evil.connect());
            }
            // each is refused in a line of its own
            for (int i = 0; i < CLIENTS; i++) {
                try (RawSocket one = RawSocket.connect(evil.socket())) {
                    one.receive(new byte[1], 0, 1, RawClient.PATIENCE);
                }
            }
            for (int i = 0; i < 40; i++) {
                open.add(helper.add("org.test.Evil" + i).connect());
            }
            for (int n = 0; n < 200; n++) {
                for (RawClient app : open) {
                    app.send(Message.call("org.test.Any", "/p" + n, "org.test.I", "Try").flags(Message.NO_REPLY_EXPECTED));
                }
            }
            open.forEach(RawClient::sync);
            ContainerServer honest = helper.add("org.test.Honest");
            try (RawClient app = honest.connect()) {
                app.answer(Message.call("org.test.Wanted", "/", "org.test.I", "First"));
                Awaitility.await().atMost(Command.PATIENCE).until(() -> entries().stream()
                        .anyMatch(entry -> "org.test.Honest".equals(entry.get("BERTH_APP_ID")) && "First".equals(entry.get("BERTH_MEMBER"))));
                assertEquals(1, ((List<?>) client.call(Message.call(BerthDaemon.NAME, honest.object(), HelperApi.SERVER, "GetDenials")).arg()).size());
            }
            helper.remove(evil);
            open.forEach(RawClient::close);
        });
        int entries = entries().size();
        long lines = errors.lines().count();
        assertTrue(entries + lines < LIMIT, entries + " entries and " + lines + " lines");
        assertTrue(errors.lines().anyMatch(line -> line.matches("INFO server 1: [0-9]+ more lines were left out, repeated ones or more than its share")), errors.lines().skip(lines - 20).toList().toString());
    }
}
