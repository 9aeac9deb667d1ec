package io.berth.tests.mount;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A program inside a sandbox that swaps the target {@code /mnt/d/a/bus} and the directories above it for symbolic links to
 * {@code /mnt/evil}, in which there is everything that the way could be led to, and back, as fast as it can.
 */
final class Attacker implements AutoCloseable {
    static final String TARGET = "/mnt/d/a/bus";
    private static final String SCRIPT = """
            import ctypes, os
            libc = ctypes.CDLL(None, use_errno=True)
            def exchange(one, other):
                if libc.renameat2(-100, one.encode(), -100, other.encode(), 2):
                    return False
                return True
            swaps = 0
            open('/mnt/evil/started', 'w')
            while not os.path.exists('/mnt/stop'):
                # one swap of each kind, and back: the directory above, its parent, the target itself
                for place, link in (('/mnt/d/a', '/mnt/link-a'), ('/mnt/d', '/mnt/link-d'), ('/mnt/d/a/bus', '/mnt/link-bus')):
                    if exchange(place, link):
                        swaps += 1
                        exchange(place, link)
                        swaps += 1
                    else:
                        # nothing at the target yet, or a mount point that cannot be renamed
                        try:
                            os.symlink('/mnt/evil/bus', place)
                            swaps += 1
                            os.unlink(place)
                            swaps += 1
                        except OSError:
                            pass
            print(swaps, flush=True)
            """;

    private final Sandbox sandbox;

    Attacker(MountHouse house, Sandbox sandbox) throws IOException {
        this.sandbox = sandbox;
        Path script = Files.writeString(house.root().resolve("attacker.py"), SCRIPT);
        sandbox.run("mkdir -p /mnt/d/a /mnt/evil/a; touch /mnt/evil/bus /mnt/evil/a/bus; ln -s /mnt/evil /mnt/link-a;"
                + " ln -s /mnt/evil /mnt/link-d; ln -s /mnt/evil/bus /mnt/link-bus; cp " + script + " /mnt/attacker.py");
        sandbox.run("/usr/bin/python3 /mnt/attacker.py >/mnt/swaps 2>&1 &");
        sandbox.run("while ! [ -e /mnt/evil/started ]; do sleep 0.01; done");
    }

    /** Stops it. @return how often it has swapped something */
    int stop() throws IOException {
        sandbox.run("touch /mnt/stop; wait");
        return Integer.parseInt(sandbox.run("cat /mnt/swaps"));
    }

    @Override
    public void close() throws IOException {
        sandbox.run("touch /mnt/stop; wait");
    }
}
