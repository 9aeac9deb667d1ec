package io.berth.server;

/**
 * One mount of a server's socket, to be shown.
 *
 * @param target    path inside the namespace
 * @param kind      how the namespace was named, as in {@code BindMount}: {@code Pid}, {@code PidFd}, {@code Namespace},
 *                  {@code NamespacePath}
 * @param namespace the process id then, {@code mnt:[INODE]}, or the file
 */
public record MountInfo(String target, String kind, String namespace) {
}
