package io.berth.kernel;

import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Mount namespaces of other processes, and sockets in them. Everything fails with {@link MountException}. Thread-safe;
 * {@link #open(Path)}, {@link #findProcess}, {@link #mount} and {@link #unmount} wait for file systems that may belong to an
 * app: never call them on the event loop.
 */
public interface MountNamespaces {
    /** pidfd_open(2). @return an fd that the caller owns */
    int openProcess(int processId);

    /**
     * The mount namespace that a process is in.
     *
     * @param pidFd borrowed
     * @return an fd that the caller owns
     */
    int open(int pidFd);

    /**
     * A namespace kept by a file, as {@code unshare --mount=FILE} and snapd do it.
     *
     * @return an fd that the caller owns
     */
    int open(Path file);

    /**
     * Fails as INVALID when this is no mount namespace, or the one that the helper or the system's first process lives in:
     * whatever is mounted there is mounted for everybody.
     *
     * @param namespaceFd borrowed
     */
    NamespaceId identify(int namespaceFd);

    /** The id of a process in our pid namespace. @param pidFd borrowed */
    OptionalInt processId(int pidFd);

    /** Some process that is in the namespace, of those that we may look at. @return a pidfd that the caller owns */
    OptionalInt findProcess(NamespaceId namespace);

    /**
     * Mounts a socket over {@code target}, which is made as an empty file, mode 0600, when nothing is there. No symbolic link
     * is followed. Whatever fails leaves the namespace as it was, now or, when something does not answer, as soon as it does.
     *
     * @param namespaceFd   borrowed
     * @param target        absolute, without empty components, {@code .} and {@code ..}
     * @param hideDirectory whether an empty tmpfs (1 MiB, 1,024 files) is mounted over the target's directory first
     * @param record        a file to be made. It says what is added to the namespace before it is there, for whoever cleans up
     *                      after this process has been killed. It is gone when this fails and nothing is under way any more
     */
    SocketMount mount(int namespaceFd, Path socket, String target, boolean hideDirectory, Path record);

    /** What has been made, or was about to be, by a {@link #mount} that did not come to its end; empty for nothing. */
    Optional<SocketMount> read(Path record);

    /**
     * Undoes {@link #mount}: unmounts, and removes what was made for it. What is no longer there, or is something else by
     * now, is left alone and no failure.
     *
     * @param namespaceFd borrowed
     */
    void unmount(int namespaceFd, String target, SocketMount mount);
}
