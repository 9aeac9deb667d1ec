package io.berth.tests.mount;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.tests.house.Program;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** An app of {@code berth run} that wants out of its sandbox. */
abstract class HostileAppTest extends HouseTest {
    static final Duration PATIENCE = Duration.ofSeconds(60);
    /** Connects to every socket that appears in the runtime directory and takes what it is given. */
    private static final String THIEF = """
            import os, socket, stat, sys
            seen = set()
            def sockets():
                for directory, _, names in os.walk(os.environ['XDG_RUNTIME_DIR']):
                    for name in names:
                        path = os.path.join(directory, name)
                        try:
                            if path not in seen and stat.S_ISSOCK(os.lstat(path).st_mode):
                                seen.add(path)
                                yield path
                        except OSError:
                            pass
            list(sockets())
            print('ready', flush=True)
            while not os.path.exists(sys.argv[1]):
                for path in sockets():
                    print('new', path, flush=True)
                    try:
                        client = socket.socket(socket.AF_UNIX)
                        client.settimeout(1)
                        client.connect(path)
                        print('taken', len(socket.recv_fds(client, 100, 20)[1]), flush=True)
                    except OSError as failure:
                        print(failure, flush=True)
            """;
    private static final int RUNS = 3;

    HostileAppTest(boolean asRoot) {
        super(asRoot);
    }

    Program run(String... words) {
        List<String> command = new ArrayList<>(List.of("run"));
        command.addAll(List.of(words));
        return house.berth(command.toArray(String[]::new));
    }

    Path script(String name, String text) throws IOException {
        return Files.writeString(house.root().resolve(name), text);
    }

    @Test
    void whatTheNextAppIsGiven_isNotForTheFirst() throws Exception {
        Path end = house.root().resolve("end-" + house.user());
        Program thief = run("--app-id=org.test.Thief", "--", "/usr/bin/python3", script("thief.py", THIEF).toString(), end.toString());
        assertEquals("ready", thief.firstLine(PATIENCE));
        for (int i = 0; i < RUNS; i++) {
            Program next = run("--app-id=org.test.Next", "--see=org.test.Unused", "--", "busctl", "--user", "--no-legend", "--no-pager", "--unique", "list");
            assertEquals(0, next.exitStatus(PATIENCE), next.errors());
            assertEquals(1, next.output().lines().count(), next.output());
        }
        Files.createFile(end);
        assertEquals(0, thief.exitStatus(PATIENCE), thief.errors());
        assertEquals("ready\n", thief.output());
        Files.delete(end);
    }

    /** Whether the app's own file of the runtime directory and each new connection leave anything open to the app's program. */
    @Test
    void program_inheritsNothingOfTheConnectors() {
        Program app = run("--", "/usr/bin/python3", "-c", "import os; print(sorted(int(fd) for fd in os.listdir('/proc/self/fd'))[:-1])");
        assertEquals(0, app.exitStatus(PATIENCE), app.errors());
        assertEquals("[0, 1, 2]\n", app.output());
    }

    /** The first process of the sandbox, bubblewrap's, was given the same descriptors. */
    @Test
    void firstProcess_hasNothingToTakeWhenTheProgramStarts() {
        Program app = run("--", "/usr/bin/python3", "-c", """
                import os
                for fd in os.listdir('/proc/1/fd'):
                    print(os.readlink('/proc/1/fd/' + fd).split(':')[0])""");
        assertEquals(0, app.exitStatus(PATIENCE), app.errors());
        assertTrue(app.output().lines().noneMatch(link -> link.equals("socket") || link.contains("/bus")), app.output());
    }
}
