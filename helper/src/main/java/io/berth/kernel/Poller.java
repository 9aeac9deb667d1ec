package io.berth.kernel;

/** Waits for many fds at once (epoll(7), level-triggered). For one thread. */
public interface Poller extends AutoCloseable {
    int READ = 0x1;
    int PRIORITY = 0x2;
    int WRITE = 0x4;
    /** Always reported, whatever the interest. */
    int ERROR = 0x8;
    /** Always reported, whatever the interest. */
    int HANGUP = 0x10;
    int PEER_CLOSED = 0x2000;

    /** @param token given back with each event; unique among what is watched */
    void add(int fd, int interest, int token);

    void modify(int fd, int interest, int token);

    void remove(int fd);

    /**
     * @param timeoutMs milliseconds, -1 for ever
     * @return how many are ready: events 0 to result-1; 0 when the time is over, or a signal cut it short
     */
    int await(int timeoutMs);

    int token(int event);

    int events(int event);

    @Override
    void close();
}
