package io.berth.server;

import io.berth.kernel.Kernel;
import java.nio.file.Path;

/**
 * How a caller named a mount namespace.
 *
 * @param kind   which of the ways
 * @param number a process id, or an fd that whoever gets this closes
 * @param file   of kind FILE, else null
 */
public record NamespaceSpec(Kind kind, int number, Path file) {
    /** In the words of {@code BindMount}. */
    public enum Kind {
        PROCESS_ID("Pid"),
        PROCESS_FD("PidFd"),
        NAMESPACE_FD("Namespace"),
        FILE("NamespacePath");

        private final String word;

        Kind(String word) {
            this.word = word;
        }

        public String word() {
            return word;
        }
    }

    public static NamespaceSpec of(Kind kind, int number) {
        return new NamespaceSpec(kind, number, null);
    }

    public static NamespaceSpec of(Path file) {
        return new NamespaceSpec(Kind.FILE, -1, file);
    }

    /** Closes the fd, if it has one; for whoever has got this and does nothing with it. */
    void close(Kernel kernel) {
        if (kind == Kind.PROCESS_FD || kind == Kind.NAMESPACE_FD) {
            kernel.close(number);
        }
    }
}
