package io.berth.kernel.linux;

import com.kenai.jffi.Library;
import io.berth.kernel.KernelException;
import io.berth.kernel.MountException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs berth-mount inside this process, from its shared library, on a thread made for it that ends with it. That thread
 * has left our mount namespace for good: after the one native call it does nothing but store numbers, and it must never
 * start a thread, which would be born where it is. Needs CAP_SYS_ADMIN and CAP_SYS_CHROOT here and CAP_SYS_ADMIN over the
 * owner of the target.
 */
final class MountThread implements MountCall {
    private final Libc libc;
    private final LinuxKernel kernel;
    private final Path file;
    private Library library;

    /** @param file libberth-mount.so; loaded when it is first needed */
    MountThread(Libc libc, LinuxKernel kernel, Path file) {
        this.libc = libc;
        this.kernel = kernel;
        this.file = file;
    }

    private synchronized long function(String name) {
        if (library == null) {
            library = Library.openLibrary(file.toString(), Library.NOW | Library.LOCAL);
        }
        if (library == null) {
            throw new MountException(MountException.Kind.NOT_SUPPORTED, "mounting needs " + file + ", which belongs to the helper: "
                    + Library.getLastError());
        }
        return library.getSymbolAddress(name);
    }

    @Override
    public int ownFlags() {
        return 0;
    }

    @Override
    public long[] run(Request request) throws UnansweredException {
        Attempt attempt = new Attempt(request);
        attempt.start();
        try {
            attempt.join(PATIENCE_MS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        if (attempt.isAlive()) {
            throw new UnansweredException() {
                @Override
                boolean isUnderWay() {
                    return attempt.isAlive();
                }

                @Override
                void awaitEnd() {
                    attempt.awaitEnd();
                }
            };
        }
        return attempt.out;
    }

    /** One call. Owns copies of the fds and its memory, because it may outlast whoever waits for it. */
    private final class Attempt extends Thread {
        private final int[] fds;
        private final long function;
        private final List<Scratch> memory = new ArrayList<>();
        private final long[] arguments;
        private final long[] out = new long[RESULTS];

        Attempt(Request request) {
            super("berth-mount");
            setDaemon(true);
            function = MountThread.this.function(request.isMount() ? "berth_mount" : "berth_unmount");
            fds = duplicates(request.fds());
            long[] in = request.numbersIn(fds);
            Scratch numbers = allocate(Long.BYTES * in.length);
            for (int i = 0; i < in.length; i++) {
                numbers.putLong(Long.BYTES * i, in[i]);
            }
            List<Long> addresses = new ArrayList<>(List.of(numbers.address()));
            for (String word : request.words()) {
                byte[] bytes = word.getBytes(StandardCharsets.UTF_8);
                Scratch text = allocate(bytes.length + 1);
                text.putBytes(0, bytes);
                addresses.add(text.address());
            }
            Scratch results = allocate(Long.BYTES * RESULTS);
            addresses.add(results.address());
            arguments = addresses.stream().mapToLong(Long::longValue).toArray();
        }

        private int[] duplicates(int[] given) {
            int[] own = new int[given.length];
            int made = 0;
            try {
                for (; made < own.length; made++) {
                    own[made] = kernel.duplicate(given[made]);
                }
                return own;
            } catch (KernelException full) {
                for (int i = 0; i < made; i++) {
                    kernel.close(own[i]);
                }
                throw full;
            }
        }

        private Scratch allocate(int bytes) {
            Scratch scratch = new Scratch(libc, bytes);
            memory.add(scratch);
            return scratch;
        }

        @Override
        public void run() {
            Scratch results = memory.get(memory.size() - 1);
            if (arguments.length == 4) {
                libc.call(function, arguments[0], arguments[1], arguments[2], arguments[3]);
            } else {
                libc.call(function, arguments[0], arguments[1], arguments[2]);
            }
            for (int i = 0; i < out.length; i++) {
                out[i] = results.getLong(Long.BYTES * i);
            }
            for (int i = 0; i < memory.size(); i++) {
                memory.get(i).close();
            }
            for (int fd : fds) {
                kernel.close(fd);
            }
        }

        void awaitEnd() {
            try {
                join();
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
