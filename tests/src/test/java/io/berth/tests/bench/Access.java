package io.berth.tests.bench;

import java.nio.file.Path;
import java.util.List;

/**
 * A way for one app to the bus, through one contender. Closing it takes it away.
 *
 * @param socket  where the app connects
 * @param address the same as a D-Bus address
 * @param pids    of the processes that mediate, none on the bare bus; one may serve many ways
 * @param closing takes it away
 */
record Access(Path socket, String address, List<Long> pids, Runnable closing) implements AutoCloseable {
    @Override
    public void close() {
        closing.run();
    }
}
