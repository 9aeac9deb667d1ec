package io.berth.server;

import io.berth.kernel.SocketMount;
import java.util.Optional;

/** One socket in one mount namespace; what is done with it is {@link MountTable}'s business. Loop thread. */
final class Mount {
    private final ContainerServer server;
    private final HeldNamespace namespace;
    private final MountInfo info;
    private final boolean hidden;
    private StateFile.Entry entry;
    private SocketMount made;

    /** @param hidden whether the caller wants the directory hidden; the cover may be another mount's */
    Mount(ContainerServer server, HeldNamespace namespace, MountInfo info, boolean hidden) {
        this.server = server;
        this.namespace = namespace;
        this.info = info;
        this.hidden = hidden;
    }

    ContainerServer server() {
        return server;
    }

    HeldNamespace namespace() {
        return namespace;
    }

    MountInfo info() {
        return info;
    }

    String target() {
        return info.target();
    }

    boolean isHidden() {
        return hidden;
    }

    boolean isAtTargetOf(Mount other) {
        return namespace.id().equals(other.namespace.id()) && target().equals(other.target());
    }

    boolean isInDirectoryOf(Mount other) {
        return namespace.id().equals(other.namespace.id()) && directory().equals(other.directory());
    }

    private String directory() {
        return target().substring(0, target().lastIndexOf('/'));
    }

    /** Empty until it is mounted. */
    Optional<SocketMount> made() {
        return Optional.ofNullable(made);
    }

    void made(SocketMount now) {
        made = now;
    }

    /** What the state file has of it; null before it has something. */
    StateFile.Entry entry() {
        return entry;
    }

    void entry(StateFile.Entry written) {
        entry = written;
    }

    /** What the state file is to have of it. @param what 0 in {@code mountId} stands for what is not known yet */
    StateFile.Entry entryFor(SocketMount what) {
        return new MountEntry(namespace.id(), namespace.file(), target(), what).toEntry();
    }
}
