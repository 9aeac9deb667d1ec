package io.berth.tests.mount;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A program inside a sandbox that swaps the target {@code /mnt/d/a/bus} and the directories above it for symbolic links to
 * {@code /mnt/evil}, in which there is everything that the way could be led to, and back, as fast as it can.
 */
final class Attacker implements AutoCloseable {
    static final String TARGET = "/mnt/d/a/bus";
    private static final String SCRIPT = """
            import ctypes, mmap, os, sys
            libc = ctypes.CDLL(None, use_errno=True)
            EXCHANGE = 2
            swaps = 0
            with open('/mnt/swaps', 'w+b') as file:
                file.write(bytes(8))
                file.flush()
                told = mmap.mmap(file.fileno(), 8)
            open('/mnt/evil/started', 'w')
            while not os.path.exists('/mnt/stop'):
                for place, link in (pair.split('=') for pair in sys.argv[1:]):
                    # there and back is two swaps; one that fails finds nothing there, or a mount point
                    for time in range(20):
                        if libc.renameat2(-100, place.encode(), -100, link.encode(), EXCHANGE) == 0:
                            swaps += 1
                    told[:] = swaps.to_bytes(8, 'little')
            """;
    /** Relative links: those that begin with a slash are refused for more than one reason. */
    private static final String WAY = "/mnt/d/a=/mnt/link-a /mnt/d=/mnt/link-d /mnt/d/a/bus=/mnt/link-bus";
    private static final String TARGET_ALONE = "/mnt/d/a/bus=/mnt/link-bus";

    private final Sandbox sandbox;

    /** @param wholeWay whether it swaps the directories too */
    Attacker(MountHouse house, Sandbox sandbox, boolean wholeWay) throws IOException {
        this.sandbox = sandbox;
        Path script = Files.writeString(house.root().resolve("attacker.py"), SCRIPT);
        sandbox.run("mkdir -p /mnt/d/a /mnt/evil/a; touch /mnt/evil/bus /mnt/evil/a/bus /mnt/d/a/bus; ln -s ../evil /mnt/link-a;"
                + " ln -s evil /mnt/link-d; ln -s ../../evil/bus /mnt/link-bus; cp " + script + " /mnt/attacker.py");
        sandbox.run("/usr/bin/python3 /mnt/attacker.py " + (wholeWay ? WAY : TARGET_ALONE) + " >/mnt/said 2>&1 &");
        sandbox.run("while ! [ -e /mnt/evil/started ]; do sleep 0.01; done");
    }

    /** How often it has swapped something until now. */
    long swaps() throws IOException {
        return ByteBuffer.wrap(Files.readAllBytes(sandbox.path("/mnt/swaps"))).order(ByteOrder.LITTLE_ENDIAN).getLong();
    }

    @Override
    public void close() throws IOException {
        String said = sandbox.run("touch /mnt/stop; wait; cat /mnt/said");
        if (!said.isEmpty()) {
            throw new AssertionError("the attacker failed: " + said);
        }
    }
}
