package io.berth.server;

import io.berth.kernel.SocketMount;
import java.nio.file.Path;
import java.util.Optional;

/** One socket in one mount namespace; what is done with it is {@link MountTable}'s business. Loop thread. */
final class Mount {
    private final ContainerServer server;
    private final HeldNamespace namespace;
    private final MountInfo info;
    private final boolean hidden;
    private final Path record;
    private StateFile.Entry entry;
    private SocketMount made;

    /**
     * @param hidden whether the caller wants the directory hidden; the cover may be another mount's
     * @param record what is made is told there before the state file has it
     */
    Mount(ContainerServer server, HeldNamespace namespace, MountInfo info, boolean hidden, Path record) {
        this.server = server;
        this.namespace = namespace;
        this.info = info;
        this.hidden = hidden;
        this.record = record;
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

    /** What the state file is to have of it now. */
    StateFile.Entry entryToBe() {
        return new MountEntry(namespace.id(), namespace.file(), target(), record, made).toEntry();
    }

    Path record() {
        return record;
    }
}
