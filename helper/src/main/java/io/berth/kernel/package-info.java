/** What Berth needs from Linux, as small interfaces and types: fds, sockets, polling, processes. */
package io.berth.kernel;
