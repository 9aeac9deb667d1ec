package io.berth.kernel;

/**
 * Who is at the other end of a unix socket, as the kernel recorded it at connect(2) (SO_PEERCRED, SO_PEERGROUPS,
 * SO_PEERSEC, SO_PEERPIDFD).
 *
 * @param uid    user id
 * @param gid    primary group id
 * @param pid    process id in our pid namespace; 0 when the process is not visible in it
 * @param groups supplementary group ids; empty when the kernel does not tell
 * @param label  security label without a trailing NUL; empty when there is no security module
 * @param pidFd  a pidfd that this record owns and whoever keeps the record closes; -1 on kernels before 6.5 and
 *               when the process is gone: then {@code pid} may soon be another's
 */
public record PeerCredentials(int uid, int gid, int pid, int[] groups, byte[] label, int pidFd) {
}
