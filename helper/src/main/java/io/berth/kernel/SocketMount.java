package io.berth.kernel;

/**
 * What was mounted, and made for it: enough to find exactly that again and take it away, also for the next helper.
 *
 * @param mountId      of the socket's mount
 * @param socketDevice of the socket, major number in the upper half
 * @param socketInode  of the socket
 * @param madeDevice   of the empty file that was made to be mounted over
 * @param madeInode    the same; 0 when something was there
 * @param coverId      mount id of the empty file system over the target's directory; 0 when there is none
 */
public record SocketMount(long mountId, long socketDevice, long socketInode, long madeDevice, long madeInode, long coverId) {
}
