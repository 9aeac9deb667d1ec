package io.berth.cli;

import io.berth.transport.NotificationPipe;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import sun.misc.Signal;

/**
 * The app while it runs: in the foreground, on the terminal and the streams of this process, told of the signals that
 * this process gets, its exit status the shell's. One thread starts it and waits for it, and must stay: bubblewrap ends
 * with the thread that started it. Or detached, in a session of its own, to outlive this process.
 *
 * <p>It is started at a gate, a process that waits for {@link #release} before it becomes the app, so that it can be put
 * where it belongs first, or ended there by {@link #abandon}: with bubblewrap the connector's, which also gives; else a shell.
 *
 * <p>bubblewrap would die of a Ctrl-C before the app has seen it, and take the app along. So a shell lets bubblewrap
 * ignore the signals that are passed on, and env(1) gives the app their defaults back.
 */
final class AppProcess {
    /** Signals that this process passes on, with their numbers. QUIT is the JVM's; the keyboard's reaches the app anyway. */
    private static final Map<String, Integer> PASSED_ON = Map.of("HUP", 1, "INT", 2, "TERM", 15);
    private static final List<String> IGNORING = List.of("/bin/sh", "-c", "trap '' HUP INT QUIT TERM; exec \"$0\" \"$@\"");
    /** Reads from a pipe through its writer, who stays: nothing but the three standard streams is inherited. */
    private static final List<String> GATE = List.of("/bin/sh", "-c", "read -r go <\"$0\" || exit 125; exec \"$@\"");
    /** Reads from its standard input, because the writer may be gone before it comes to that. */
    private static final List<String> DETACHED_GATE = List.of("/bin/sh", "-c", "read -r go || exit 125; exec \"$0\" \"$@\"");
    private static final List<String> DETACHING = List.of("/bin/sh", "-c", "exec \"$0\" \"$@\" </dev/null >&2", "/usr/bin/setsid");
    /** Milliseconds between two looks for an app that bubblewrap is still starting. */
    private static final long LOOK_INTERVAL_MS = 20;

    private interface Action {
        void run() throws IOException;
    }

    /** @param shut ends whoever waits there */
    private record Gate(Action open, Action shut) {
    }

    private final boolean inBubblewrap;
    private final CompletableFuture<Process> started = new CompletableFuture<>();
    private Gate gate;

    private AppProcess(boolean inBubblewrap) {
        this.inBubblewrap = inBubblewrap;
    }

    /** Starts the command with these variables changed; an empty value unsets. */
    static AppProcess start(List<String> command, Map<String, String> changes) throws IOException {
        // open until this process ends: who knows when the shell comes to it
        NotificationPipe pipe = NotificationPipe.open();
        List<String> line = new ArrayList<>(GATE);
        line.add("/proc/" + ProcessHandle.current().pid() + "/fd/" + pipe.readFd());
        line.addAll(command);
        try {
            AppProcess app = foreground(false);
            app.gate = new Gate(pipe::notifyReader, pipe::close);
            app.started.complete(builder(line, changes).start());
            return app;
        } catch (IOException failure) {
            pipe.close();
            throw failure;
        }
    }

    /**
     * Starts the command in a session of its own, without input. All its output goes to the standard error of this process:
     * who reads the standard output up to its end must not wait for the app.
     *
     * @param changes of variables; an empty value unsets
     */
    static AppProcess startDetached(List<String> command, Map<String, String> changes) throws IOException {
        List<String> line = new ArrayList<>(DETACHED_GATE);
        line.addAll(DETACHING);
        line.addAll(command);
        AppProcess app = new AppProcess(false);
        Process process = builder(line, changes).redirectInput(ProcessBuilder.Redirect.PIPE).start();
        OutputStream input = process.getOutputStream();
        app.gate = new Gate(() -> {
            input.write('\n');
            input.close();
        }, input::close);
        app.started.complete(process);
        return app;
    }

    private static ProcessBuilder builder(List<String> command, Map<String, String> changes) {
        ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
        changes.forEach((name, value) -> {
            if (value.isEmpty()) {
                builder.environment().remove(name);
            } else {
                builder.environment().put(name, value);
            }
        });
        return builder;
    }

    /** Starts the command inside bubblewrap. @param connector borrowed until the gate is open */
    static AppProcess start(Bubblewrap bubblewrap, SandboxConnector connector, AppSocket session, Optional<AppSocket> system,
            List<String> command) throws IOException {
        List<String> inside = new ArrayList<>(heeding());
        inside.addAll(command);
        List<String> line = new ArrayList<>(IGNORING);
        line.addAll(bubblewrap.commandLine(session, system, connector.commandLine(inside)));
        return foreground(true).at(connector, line);
    }

    /** The same for an app that outlives this process; as {@link #startDetached(List, Map)}. */
    static AppProcess startDetached(Bubblewrap bubblewrap, SandboxConnector connector, AppSocket session, Optional<AppSocket> system,
            List<String> command) throws IOException {
        List<String> line = new ArrayList<>(DETACHING);
        line.addAll(bubblewrap.detachedCommandLine(session, system, connector.commandLine(command)));
        return new AppProcess(false).at(connector, line);
    }

    private AppProcess at(SandboxConnector connector, List<String> line) throws IOException {
        gate = new Gate(connector::give, connector::close);
        started.complete(connector.start(builder(line, Map.of())));
        return this;
    }

    /** From before the app exists, so that no signal is lost; one that this process was started to ignore stays ignored. */
    private static AppProcess foreground(boolean inBubblewrap) {
        AppProcess app = new AppProcess(inBubblewrap);
        PASSED_ON.keySet().forEach(name -> Signal.handle(new Signal(name), signal -> app.passOn(signal.getName())));
        return app;
    }

    /** The process that will be the app, or the bubblewrap around it. */
    Process process() {
        return started.join();
    }

    /** Lets it begin; unless a signal has ended it at the gate, which then is the app's end. */
    void release() throws IOException, InterruptedException {
        try {
            gate.open.run();
        } catch (IOException failure) {
            if (!process().waitFor(1, TimeUnit.SECONDS)) {
                throw failure;
            }
        }
    }

    /** Ends it at the gate. */
    void abandon() throws IOException {
        gate.shut.run();
    }

    /**
     * Gives the app the defaults of those signals that this process was not started to ignore, as nohup(1) and a shell's
     * background do. The shell in between keeps env(1) from reading a program with an equals sign in its path as an
     * assignment.
     */
    private static List<String> heeding() throws IOException {
        long ignored = Long.parseUnsignedLong(status(ProcessHandle.current().pid(), "SigIgn"), 16);
        StringBuilder defaults = new StringBuilder();
        PASSED_ON.forEach((name, number) -> {
            if ((ignored >> number - 1 & 1) == 0) {
                defaults.append(defaults.isEmpty() ? "" : ",").append(name).append(name.equals("INT") ? ",QUIT" : "");
            }
        });
        List<String> line = new ArrayList<>();
        if (!defaults.isEmpty()) {
            line.addAll(List.of("/usr/bin/env", "--default-signal=" + defaults));
        }
        line.addAll(List.of("/bin/sh", "-c", "exec \"$0\" \"$@\""));
        return line;
    }

    /** @return the exit status of the app, 128 + N when signal N ended it */
    int await() throws InterruptedException {
        return started.join().waitFor();
    }

    private void passOn(String signal) {
        if (signal.equals("INT") && isForeground()) {
            return;
        }
        Process process = started.join();
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
        try {
            return status(process.pid(), "NSpid").endsWith("\t2");
        } catch (IOException gone) {
            return false;
        }
    }

    /** A field of /proc/PID/status (proc(5)). */
    private static String status(long pid, String field) throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc", String.valueOf(pid), "status"))) {
            if (line.startsWith(field + ":")) {
                return line.substring(field.length() + 1).strip();
            }
        }
        throw new IOException("/proc/" + pid + "/status has no " + field);
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
