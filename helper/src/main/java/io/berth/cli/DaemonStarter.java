package io.berth.cli;

/** Runs the daemon in this process until it ends. The command does not know the daemon; who wires both passes it in. */
public interface DaemonStarter {
    /** @return 0 after a clean end, 3 when the name is taken or there is no bus, 1 otherwise */
    int run();
}
