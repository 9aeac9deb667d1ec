package io.berth.kernel;

/**
 * Tells when control groups (cgroups(7)) get their first process and when they have lost the last one, those in
 * sub-cgroups included. Loop thread. Closing it ends every watch.
 */
public interface Cgroups extends AutoCloseable {
    /** Each method is called once at most, on the loop thread, and never from within {@link #watch}. */
    interface Listener {
        void onPopulated();

        /** Empty after it was populated, or removed. The watch is cancelled already. */
        void onOver();
    }

    /** One cgroup being watched. Holds fds until it is cancelled. */
    interface Watch {
        /** Absolute, through the mount that the cgroup was found in. */
        String path();

        /** Whether it has been populated at any time since it is watched. */
        boolean wasPopulated();

        /** The listener hears nothing more. May be called again. */
        void cancel();
    }

    /**
     * Begins to watch a cgroup. A cgroup that is empty counts only once it was populated after this call; one that is
     * populated says so by {@link Watch#wasPopulated()}, and its listener hears no onPopulated.
     *
     * <p>It must belong to this process's user or to root: system launchers make the cgroups of users' apps. When this
     * process is root it may be anybody's.
     *
     * @param path absolute, inside the mount point of a cgroup hierarchy; or relative to the mount point of the version 2
     *             hierarchy, else of the version 1 hierarchies {@code freezer} and {@code name=systemd}, the first that has it
     * @throws IllegalArgumentException saying what is wrong with the path, and naming it: no such cgroup, not below a
     *     cgroup mount, {@code ..}, a symbolic link, somebody else's
     * @throws KernelException for lack of something, such as EMFILE
     */
    Watch watch(String path, Listener listener);

    @Override
    void close();
}
