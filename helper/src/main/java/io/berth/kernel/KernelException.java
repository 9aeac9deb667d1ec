package io.berth.kernel;

/** A system call failed in a way that its caller has no return value for. */
public final class KernelException extends OutcomeException {
    private final String call;
    private final int errno;

    /**
     * @param call   the system call and what it was about, as a person reads it: {@code bind /run/user/1/x}
     * @param errno  the error number of errno(3)
     * @param reason the text of strerror(3)
     */
    public KernelException(String call, int errno, String reason) {
        super(call + ": " + reason);
        this.call = call;
        this.errno = errno;
    }

    public String call() {
        return call;
    }

    public int errno() {
        return errno;
    }
}
