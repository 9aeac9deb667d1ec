package io.berth.tests.mount;

import io.berth.tests.house.ContainerServer;
import java.util.Arrays;
import java.util.Map;

/** No test: prints how long BindMount and Unmount take as their caller sees it, in both ways, and the same call without a mount. */
public final class MountTimes {
    private static final int ROUNDS = 500;

    private MountTimes() {
    }

    public static void main(String[] arguments) throws Exception {
        for (boolean asRoot : new boolean[] {true, false}) {
            MountHouse house = new MountHouse(asRoot);
            try {
                measure(house, asRoot ? "inside the helper (root)" : "by berth-mount (ordinary user)");
                house.endTest();
            } finally {
                house.close();
            }
        }
    }

    private static void measure(MountHouse house, String way) throws Exception {
        Sandbox app = house.keep(Sandbox.bubblewrap(house));
        ContainerServer server = house.server("session");
        long[] mounts = new long[ROUNDS];
        long[] unmounts = new long[ROUNDS];
        long[] calls = new long[ROUNDS];
        for (int round = 0; round < ROUNDS; round++) {
            long start = System.nanoTime();
            house.mount(server, app, "/mnt/d/bus");
            long mounted = System.nanoTime();
            house.unmount(server, Map.of(), "/mnt/d/bus");
            long unmounted = System.nanoTime();
            house.helper().property(server, "Mounts");
            mounts[round] = mounted - start;
            unmounts[round] = unmounted - mounted;
            calls[round] = System.nanoTime() - unmounted;
        }
        System.out.printf("%-32s first %.1f ms; BindMount p50 %.2f ms, p99 %.2f ms; Unmount p50 %.2f ms, p99 %.2f ms; any call p50 %.2f ms%n", way,
                mounts[0] / 1e6, percentile(mounts, 50), percentile(mounts, 99), percentile(unmounts, 50), percentile(unmounts, 99),
                percentile(calls, 50));
    }

    private static double percentile(long[] ns, int percent) {
        long[] sorted = ns.clone();
        Arrays.sort(sorted);
        return sorted[(sorted.length - 1) * percent / 100] / 1e6;
    }
}
