package io.berth.kernel;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.kernel.linux.LinuxKernel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class BootTimersTest {
    private static final long HOUR_NS = 3_600_000_000_000L;

    private final Kernel kernel = new LinuxKernel();
    private final LoopThread loop = new LoopThread(kernel);
    private final BootTimers timers = new BootTimers(kernel, loop);
    private final List<String> ran = new CopyOnWriteArrayList<>();
    private Thread thread;

    @BeforeEach
    void start() {
        thread = new Thread(loop, "loop");
        thread.start();
    }

    @AfterEach
    void stop() throws InterruptedException {
        loop.stop();
        thread.join(10_000);
        assertEquals(List.of(), clocks());
    }

    private EventLoop.Timer schedule(long delayNs, String name) {
        return loop.submit(() -> timers.schedule(delayNs, () -> ran.add(name))).join();
    }

    private int watches() {
        return loop.submit(loop::watchCount).join();
    }

    /** Clocks of the timer fds of this process, as the kernel numbers them. */
    private static List<String> clocks() {
        List<String> clocks = new ArrayList<>();
        try (Stream<Path> fds = Files.list(Path.of("/proc/self/fdinfo"))) {
            for (Path fd : fds.toList()) {
                try {
                    Files.readAllLines(fd).stream().filter(line -> line.startsWith("clockid:")).forEach(line -> clocks.add(line.substring(8).strip()));
                } catch (IOException goneMeanwhile) {
                    // the fd of the listing itself
                }
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
        return clocks;
    }

    @Test
    void timers_ofDifferentLength_runInTheirOrderAndLeaveNothing() {
        EventLoop.Timer far = schedule(HOUR_NS, "far");
        loop.submit(() -> {
            timers.schedule(30_000_000, () -> ran.add("second"));
            timers.schedule(10_000_000, () -> ran.add("first"));
            EventLoop.Timer cancelled = timers.schedule(5_000_000, () -> ran.add("cancelled"));
            cancelled.cancel();
            cancelled.cancel();
            return null;
        }).join();
        await().until(() -> ran.size() == 2);
        assertEquals(List.of("first", "second"), ran);
        assertEquals(1, watches());
        loop.submit(() -> {
            far.cancel();
            return null;
        }).join();
        assertEquals(0, watches());
        schedule(1, "again");
        await().until(() -> ran.contains("again"));
        assertEquals(0, watches());
    }

    /** CLOCK_BOOTTIME is clock 7 (linux/time.h): what is due while the machine sleeps is due, which CLOCK_MONOTONIC (1) is not. */
    @Test
    void timer_waiting_countsOnTheClockThatDoesNotSleep() throws IOException {
        EventLoop.Timer timer = schedule(HOUR_NS, "far");
        assertEquals(List.of("7"), clocks());
        double up = Double.parseDouble(Files.readString(Path.of("/proc/uptime")).split(" ")[0]);
        assertEquals(up, kernel.bootTimeNs() / 1e9, 5.0);
        loop.submit(() -> {
            timer.cancel();
            return null;
        }).join();
    }

    @Test
    void bootTimer_timeThatIsPast_isReadableAtOnce() {
        int fd = kernel.openBootTimer();
        try {
            loop.submit(() -> {
                EventLoop.Watch[] watch = new EventLoop.Watch[1];
                watch[0] = loop.watch(fd, Poller.READ, events -> {
                    ran.add("woke up late");
                    watch[0].cancel();
                });
                return null;
            }).join();
            kernel.armBootTimer(fd, kernel.bootTimeNs() - HOUR_NS / 3_600_000);
            await().until(() -> ran.contains("woke up late"));
        } finally {
            kernel.close(fd);
        }
    }

    @Test
    void noFdLeft_scheduleFails_andNothingWaits() {
        Kernel full = FailingTimers.of(kernel);
        BootTimers none = new BootTimers(full, loop);
        assertThrows(KernelException.class, () -> none.schedule(1, () -> ran.add("never")));
        assertEquals(0, watches());
        assertTrue(ran.isEmpty());
    }

    /** The real kernel at its limit of open files. */
    private static final class FailingTimers {
        static Kernel of(Kernel kernel) {
            return (Kernel) java.lang.reflect.Proxy.newProxyInstance(Kernel.class.getClassLoader(), new Class<?>[] {Kernel.class},
                    (proxy, method, arguments) -> {
                        if (method.getName().equals("openBootTimer")) {
                            throw new KernelException("timerfd_create", 24, "Too many open files");
                        }
                        return method.invoke(kernel, arguments);
                    });
        }
    }
}
