package io.berth.kernel;

/**
 * Which namespace it is, as long as somebody holds it: numbers are used again (namespaces(7)).
 *
 * @param device of nsfs
 * @param inode  what {@code readlink /proc/PID/ns/mnt} shows
 */
public record NamespaceId(long device, long inode) {
    /** As the kernel writes it. */
    @Override
    public String toString() {
        return "mnt:[" + inode + "]";
    }
}
