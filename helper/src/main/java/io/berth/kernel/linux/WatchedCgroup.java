package io.berth.kernel.linux;

import io.berth.kernel.Cgroups;
import io.berth.kernel.KernelException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the watches of both versions have in common: what the listener was told, and the notice of removal. How it is found
 * out whether there are processes is left to the subclass, which owns the fds for it. Loop thread.
 */
abstract class WatchedCgroup implements Cgroups.Watch {
    private static final Logger LOG = LoggerFactory.getLogger(WatchedCgroup.class);

    /** Said once: launchers may have any number watched. */
    private static boolean slowLooksTold;

    private final LinuxCgroups all;
    private final String path;
    private final Cgroups.Listener listener;
    private boolean populated;
    private boolean cancelled;
    private RemovalNotices.Notice removal;

    WatchedCgroup(LinuxCgroups all, CgroupFinder.Found found, Cgroups.Listener listener) {
        this.all = all;
        this.path = found.path();
        this.listener = listener;
    }

    /** Acquires what is needed and looks for the first time; the fds of what was found are borrowed. */
    final void open(CgroupFinder.Found found) {
        try {
            removal = all.removals().add(found.parentFd(), found.name(), this::look);
        } catch (KernelException none) {
            // inotify instances are few and shared with the user's other programs; a slow look finds removals too
            if (!slowLooksTold) {
                slowLooksTold = true;
                LOG.warn("{} and others are looked at from time to time, because nothing can tell of their removal: {}", path,
                        none.getMessage());
            }
            all.rounds().add(this);
        }
        populated = openFiles(found);
    }

    /** @return whether there are processes; {@link #close} follows also when this throws */
    abstract boolean openFiles(CgroupFinder.Found found);

    /** Looks now, and calls {@link #onLook}. */
    abstract void look();

    /** Whether an event will tell of the end of the processes that are there now. */
    abstract boolean isGuarded();

    abstract void closeFiles();

    /** @param nowPopulated whether there are processes */
    final void onLook(boolean nowPopulated) {
        if (nowPopulated && !populated) {
            populated = true;
            listener.onPopulated();
        } else if (!nowPopulated && populated) {
            onOver();
        }
    }

    final void onOver() {
        cancel();
        listener.onOver();
    }

    final boolean isCancelled() {
        return cancelled;
    }

    @Override
    public final String path() {
        return path;
    }

    @Override
    public final boolean wasPopulated() {
        return populated;
    }

    @Override
    public final void cancel() {
        if (!cancelled) {
            cancelled = true;
            all.forget(this);
            all.rounds().remove(this);
            if (removal != null) {
                removal.cancel();
            }
            closeFiles();
        }
    }
}
