package io.berth.tests.mount;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A program inside a sandbox, root of its own user namespace, that looks for whoever mounts something there, stops it again and
 * again, and tries at each stop to trace it and to look into it. Nothing of that may succeed.
 */
final class Intruder implements AutoCloseable {
    private static final String SCRIPT = """
            import ctypes, os, signal, sys
            libc = ctypes.CDLL(None, use_errno=True)
            libc.ptrace.argtypes = [ctypes.c_long] * 4
            SEIZE = 0x4206
            stops = sys.argv[1] == 'stop'
            def read(path):
                with open(path, 'rb') as file:
                    return file.read(100)
            def newest():
                return int(read('/proc/loadavg').split()[-1])
            def files(path):
                # their numbers alone can be seen of every process of the same user
                return [os.readlink(path + '/' + number) for number in os.listdir(path)]
            def opened(pid):
                for name, look in (('root', os.readlink), ('cwd', os.readlink), ('exe', os.readlink), ('fd', files), ('environ', read),
                        ('maps', read), ('mem', open), ('auxv', read)):
                    try:
                        # who has ended can be opened, but has nothing any more
                        if look('/proc/%d/%s' % (pid, name)) and read('/proc/%d/stat' % pid).split(b')')[1].split()[0] != b'Z':
                            yield name
                    except OSError:
                        pass
                if libc.ptrace(SEIZE, pid, 0, 0) == 0:
                    yield 'ptrace'
            last, waiting, met, said = newest(), {}, set(), set()
            open('/mnt/started', 'w')
            while not os.path.exists('/mnt/stop'):
                now = newest()
                waiting.update((pid, 200) for pid in range(last + 1, now + 1))
                last = now
                for pid in list(waiting):
                    try:
                        found = read('/proc/%d/comm' % pid) == b'berth-mount\\n'
                        waiting[pid] -= 0 if found else 1
                        if found:
                            if stops:
                                os.kill(pid, signal.SIGSTOP)
                            met.add(pid)
                            said.update(opened(pid))
                            if stops:
                                os.kill(pid, signal.SIGCONT)
                        elif waiting[pid] == 0:
                            del waiting[pid]
                    except OSError:
                        del waiting[pid]
            print(len(met), *sorted(said))
            """;

    private final Sandbox sandbox;

    Intruder(MountHouse house, Sandbox sandbox) throws IOException {
        this.sandbox = sandbox;
        Path script = Files.writeString(house.root().resolve("intruder.py"), SCRIPT);
        // a thread of root's helper must not be stopped: that would stop the helper
        String how = house.user().isRoot() ? "look" : "stop";
        sandbox.run("/usr/bin/python3 " + script + " " + how + " >/mnt/said 2>&1 &");
        sandbox.run("while ! [ -e /mnt/started ]; do sleep 0.01; done");
    }

    /** @return how many processes or threads it has met, and what of them it got at */
    String end() throws IOException {
        return sandbox.run("touch /mnt/stop; wait; cat /mnt/said");
    }

    @Override
    public void close() throws IOException {
        end();
    }
}
