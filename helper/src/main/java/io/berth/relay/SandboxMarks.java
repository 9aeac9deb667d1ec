package io.berth.relay;

import io.berth.kernel.EventLoop;
import io.berth.kernel.Kernel;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Looks for the file by which portals know that a process lives in a sandbox (xdg-desktop-portal, xdp-app-info-flatpak.c): one that the
 * app cannot take away, because it is mounted there. An app can make that look long, so it is not the loop's: one look at a
 * time, in order, on a thread that ends when there is none for {@value #IDLE_MS} ms. Any thread.
 */
final class SandboxMarks {
    static final String MARK = "/.flatpak-info";
    private static final int IDLE_MS = 100;

    private final Kernel kernel;
    private final EventLoop loop;
    private final ThreadPoolExecutor worker;

    SandboxMarks(Kernel kernel, EventLoop loop) {
        this.kernel = kernel;
        this.loop = loop;
        this.worker = new ThreadPoolExecutor(1, 1, IDLE_MS, TimeUnit.MILLISECONDS, new LinkedBlockingQueue<>(), task -> {
            Thread thread = new Thread(task, "berth-marks");
            thread.setDaemon(true);
            return thread;
        });
        worker.allowCoreThreadTimeOut(true);
    }

    /** @param answer told whether the process has it, on the loop thread */
    void look(int process, Consumer<Boolean> answer) {
        worker.execute(() -> {
            boolean known = kernel.isMountedReadOnly(process, MARK);
            loop.execute(() -> answer.accept(known));
        });
    }
}
