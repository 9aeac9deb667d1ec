package io.berth.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import sun.misc.Signal;

/**
 * The app while it runs: in the foreground, on the terminal and the streams of this process, told of the signals that
 * this process gets, its exit status the shell's. One thread starts it and waits for it, and must stay: bubblewrap ends
 * with the thread that started it.
 *
 * <p>bubblewrap would die of a Ctrl-C before the app has seen it, and take the app along. So a shell lets bubblewrap
 * ignore the signals that are passed on, and env(1) gives the app their defaults back.
 */
final class AppProcess {
    private static final List<String> PASSED_ON = List.of("HUP", "INT", "QUIT", "TERM");
    /** Those that a terminal sends to the app itself. */
    private static final List<String> KEYBOARD = List.of("INT", "QUIT");
    private static final List<String> IGNORING = List.of("/bin/sh", "-c", "trap '' " + String.join(" ", PASSED_ON) + "; exec \"$0\" \"$@\"");
    /** The shell in between keeps env(1) from reading a program with an equals sign in its path as an assignment. */
    private static final List<String> HEEDING = List.of("/usr/bin/env", "--default-signal=" + String.join(",", PASSED_ON),
            "/bin/sh", "-c", "exec \"$0\" \"$@\"");
    /** Milliseconds between two looks for an app that bubblewrap is still starting. */
    private static final long LOOK_INTERVAL_MS = 20;

    private final Process process;
    private final boolean inBubblewrap;

    private AppProcess(Process process, boolean inBubblewrap) {
        this.process = process;
        this.inBubblewrap = inBubblewrap;
    }

    /** Runs the command with these variables changed; an empty value unsets. */
    static AppProcess start(List<String> command, Map<String, String> changes) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
        changes.forEach((name, value) -> {
            if (value.isEmpty()) {
                builder.environment().remove(name);
            } else {
                builder.environment().put(name, value);
            }
        });
        return new AppProcess(builder.start(), false);
    }

    /** Runs the command inside bubblewrap. */
    static AppProcess start(Bubblewrap bubblewrap, AppSocket session, Optional<AppSocket> system, List<String> command) throws IOException {
        List<String> inside = new ArrayList<>(HEEDING);
        inside.addAll(command);
        List<String> line = new ArrayList<>(IGNORING);
        line.addAll(bubblewrap.commandLine(session, system, inside));
        return new AppProcess(new ProcessBuilder(line).inheritIO().start(), true);
    }

    /** @return the exit status of the app, 128 + N when signal N ended it */
    int await() throws InterruptedException {
        for (String name : PASSED_ON) {
            try {
                Signal.handle(new Signal(name), signal -> passOn(signal.getName()));
            } catch (IllegalArgumentException takenByTheJvm) {
                // it then keeps its default action, and --die-with-parent and the closing pipe tidy up
            }
        }
        return process.waitFor();
    }

    private void passOn(String signal) {
        if (KEYBOARD.contains(signal) && isForeground()) {
            return;
        }
        try {
            while (process.isAlive()) {
                Optional<ProcessHandle> app = inBubblewrap ? findApp(process.toHandle()) : Optional.of(process.toHandle());
                if (app.isPresent()) {
                    // the shell's own kill: kill(1) may not be installed
                    new ProcessBuilder("/bin/sh", "-c", "kill -\"$0\" \"$1\"", signal, String.valueOf(app.get().pid()))
                            .inheritIO().start().waitFor();
                    return;
                }
                process.waitFor(LOOK_INTERVAL_MS, TimeUnit.MILLISECONDS);
            }
        } catch (IOException failure) {
            process.destroyForcibly();
        } catch (InterruptedException ending) {
            Thread.currentThread().interrupt();
        }
    }

    /** bubblewrap outside, its init as the only child, whose first child is process 2 of the pid namespace: the app. */
    private static Optional<ProcessHandle> findApp(ProcessHandle bubblewrap) {
        try (Stream<ProcessHandle> inits = bubblewrap.children()) {
            return inits.flatMap(ProcessHandle::children).filter(AppProcess::isSecondOfNamespace).findFirst();
        }
    }

    private static boolean isSecondOfNamespace(ProcessHandle process) {
        try (Stream<String> lines = Files.lines(Path.of("/proc", String.valueOf(process.pid()), "status"))) {
            return lines.anyMatch(line -> line.startsWith("NSpid:") && line.endsWith("\t2"));
        } catch (IOException | java.io.UncheckedIOException gone) {
            return false;
        }
    }

    /** Whether the terminal's keys reach this process's group, and so the app (proc(5): pgrp and tpgid of stat). */
    private static boolean isForeground() {
        try {
            String stat = Files.readString(Path.of("/proc/self/stat"));
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
            return fields[2].equals(fields[5]);
        } catch (IOException noProc) {
            return false;
        }
    }
}
