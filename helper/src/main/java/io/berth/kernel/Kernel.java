package io.berth.kernel;

/**
 * The door to the system: what the helper asks of Linux goes through here, so that another binding can take its
 * place. May be called from any thread; what it opens says for itself whom it belongs to.
 */
public interface Kernel {
    /** Socket calls with memory of their own: a new instance for each thread that sends or receives. */
    Sockets sockets();

    Poller openPoller();

    /** @param loop told by it; the result belongs to its thread */
    Cgroups openCgroups(EventLoop loop);

    /**
     * Checks that an fd stands for a whole process, dead or alive (pidfd_open(2)). Such an fd is readable when its process
     * has ended, and never means another process that got the same id later.
     *
     * @throws IllegalArgumentException naming what it is instead
     * @throws KernelException it cannot be known, for lack of file descriptors
     */
    void checkProcessFd(int fd);

    /** Memory for system calls, for as long as the process lives; of a large piece only what is used is really taken. */
    NativeBuffer allocate(int capacity);

    /** An eventfd(2) that {@link #signalEvent} makes readable. @return an fd that the caller owns */
    int openEvent();

    void signalEvent(int eventFd);

    /** Makes an event fd unreadable again. */
    void clearEvent(int eventFd);

    /** Nanoseconds since boot, the time that the machine slept included (CLOCK_BOOTTIME). */
    long bootTimeNs();

    /** timerfd_create(2) on the clock of {@link #bootTimeNs}, disarmed. @return an fd that the caller owns */
    int openBootTimer();

    /** Makes the fd unreadable until a time has come, which is at once for one that is past. @param dueNs of {@link #bootTimeNs}, above 0 */
    void armBootTimer(int fd, long dueNs);

    /** pipe2(2) with O_CLOEXEC, non-blocking. @return read end, write end; the caller owns both */
    int[] pipe();

    /** fcntl(F_DUPFD_CLOEXEC). @return an fd that the caller owns */
    int duplicate(int fd);

    /** Closes an fd; never throws. */
    void close(int fd);

    /**
     * Whether something is mounted read-only at a path as a process sees it (proc_pid_mountinfo(5)). Asks no file system of the
     * process's, which could make us wait; but takes as long as the text about its mounts is, and so is not for the loop.
     *
     * @param path absolute, without white space and backslashes
     * @return false when the process has gone, or may not be looked at, or has more mounts than 256 KiB of that text can tell,
     *         which are some 2000
     */
    boolean isMountedReadOnly(int processId, String path);

    /** Raises the soft limit of open files (RLIMIT_NOFILE) to the hard one. @return the limit now */
    long raiseFileLimit();

    int userId();

    int processId();
}
