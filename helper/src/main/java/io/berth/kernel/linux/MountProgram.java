package io.berth.kernel.linux;

import io.berth.kernel.MountException;
import io.berth.kernel.MountException.Kind;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs berth-mount as a program: a process with more than one thread, such as this one, cannot enter a user namespace
 * (setns(2): EINVAL). It gets its fds from 3 on and an empty environment, and closes first of all what else the Java runtime leaves
 * open to programs; it answers in one line.
 * posix_spawn(3), because the JDK's ProcessBuilder passes no fds.
 */
final class MountProgram implements MountCall {
    private static final int FIRST_FD = 3;
    /** Above all that the child's fds are moved to, so that moving one cannot hit another. */
    private static final int OUT_OF_THE_WAY = 16;
    private static final int F_DUPFD_CLOEXEC = 1030;
    private static final int POLLIN = 1;
    private static final int SIGKILL = 9;
    /** More than posix_spawn_file_actions_t has in any C library. */
    private static final int FILE_ACTIONS_BYTES = 512;
    /** A line of RESULTS numbers of at most 20 characters. */
    private static final int LONGEST_ANSWER = RESULTS * 21;

    private final Libc libc;
    private final LinuxKernel kernel;
    private final Path program;

    MountProgram(Libc libc, LinuxKernel kernel, Path program) {
        this.libc = libc;
        this.kernel = kernel;
        this.program = program;
    }

    @Override
    public int ownFlags() {
        return AS_OWNER;
    }

    @Override
    public long[] run(Request request) throws UnansweredException {
        if (!Files.isExecutable(program)) {
            throw new MountException(Kind.NOT_SUPPORTED, "mounting needs " + program + ", which belongs to the helper and is not there");
        }
        List<Integer> copies = new ArrayList<>();
        int[] pipe = kernel.pipe();
        try {
            for (int fd : request.fds()) {
                copies.add(moved(fd));
            }
            int answer = moved(pipe[1]);
            copies.add(answer);
            int pid = spawn(request, copies);
            kernel.close(answer);
            copies.remove(copies.size() - 1);
            kernel.close(pipe[1]);
            pipe[1] = -1;
            return parse(await(pid, pipe[0]));
        } finally {
            copies.forEach(kernel::close);
            for (int end : pipe) {
                if (end >= 0) {
                    kernel.close(end);
                }
            }
        }
    }

    private int moved(int fd) {
        int copy = libc.call(libc.function("fcntl"), fd, F_DUPFD_CLOEXEC, OUT_OF_THE_WAY);
        if (copy < 0) {
            throw libc.failure("fcntl F_DUPFD_CLOEXEC " + fd);
        }
        return copy;
    }

    /** @param fds those of the request, then the one to answer on */
    private int spawn(Request request, List<Integer> fds) {
        List<String> words = new ArrayList<>(List.of("berth-mount", request.isMount() ? "mount" : "unmount"));
        int[] inChild = new int[request.fds().length];
        for (int i = 0; i < inChild.length; i++) {
            inChild[i] = FIRST_FD + i;
        }
        for (long number : request.numbersIn(inChild)) {
            words.add(Long.toString(number));
        }
        words.addAll(request.words());
        try (Scratch actions = new Scratch(libc, FILE_ACTIONS_BYTES); CStrings strings = new CStrings(libc, words);
                CStrings path = new CStrings(libc, List.of(program.toString(), "/dev/null")); Scratch pid = new Scratch(libc, 8)) {
            check("posix_spawn_file_actions_init", libc.call(libc.function("posix_spawn_file_actions_init"), actions.address()));
            try {
                check("addopen", libc.call(libc.function("posix_spawn_file_actions_addopen"), actions.address(), 0, path.string(1), 0, 0));
                long move = libc.function("posix_spawn_file_actions_adddup2");
                check("adddup2", libc.call(move, actions.address(), 0, 2));
                for (int i = 0; i < inChild.length; i++) {
                    check("adddup2", libc.call(move, actions.address(), fds.get(i), inChild[i]));
                }
                check("adddup2", libc.call(move, actions.address(), fds.get(inChild.length), 1));
                check("posix_spawn " + program, libc.call(libc.function("posix_spawn"), pid.address(), path.string(0), actions.address(), 0,
                        strings.vector(), path.end()));
                return pid.getInt(0);
            } finally {
                libc.call(libc.function("posix_spawn_file_actions_destroy"), actions.address());
            }
        }
    }

    /** These return their error instead of setting errno. */
    private void check(String call, int error) {
        if (error != 0) {
            throw libc.failure(call, error);
        }
    }

    /** @return what the program printed */
    private String await(int pid, int fd) throws UnansweredException {
        long deadlineNs = System.nanoTime() + PATIENCE_MS * 1_000_000L;
        StringBuilder text = new StringBuilder();
        try (Scratch poll = new Scratch(libc, 8); Scratch bytes = new Scratch(libc, LONGEST_ANSWER)) {
            poll.putInt(0, fd);
            poll.putInt(4, POLLIN);
            while (true) {
                long leftMs = (deadlineNs - System.nanoTime()) / 1_000_000;
                if (leftMs <= 0) {
                    libc.call(libc.function("kill"), pid, SIGKILL);
                    throw new UnansweredException() {
                        @Override
                        boolean isUnderWay() {
                            return true;
                        }

                        @Override
                        void awaitEnd() {
                            reap(pid);
                        }
                    };
                }
                int ready = libc.call(libc.function("poll"), poll.address(), 1, leftMs);
                int count = ready > 0 ? libc.call(libc.function("read"), fd, bytes.address(), LONGEST_ANSWER) : -1;
                if (count == 0) {
                    reap(pid);
                    return text.toString();
                }
                if (count > 0) {
                    text.append(new String(bytes.getBytes(0, count), StandardCharsets.US_ASCII));
                }
            }
        }
    }

    /** The zombie of a child that the JDK knows nothing of. */
    private void reap(int pid) {
        while (libc.call(libc.function("waitpid"), pid, 0, 0) < 0 && libc.errno() == Libc.EINTR) {
            Thread.onSpinWait();
        }
    }

    private long[] parse(String line) throws UnansweredException {
        String[] numbers = line.strip().split(" ");
        long[] out = new long[RESULTS];
        try {
            for (int i = 0; i < RESULTS; i++) {
                out[i] = Long.parseLong(numbers[i]);
            }
        } catch (NumberFormatException | ArrayIndexOutOfBoundsException noAnswer) {
            throw new UnansweredException(program + " ended without an answer") {
                @Override
                boolean isUnderWay() {
                    return false;
                }

                @Override
                void awaitEnd() {
                    // it has ended
                }
            };
        }
        return out;
    }
}
