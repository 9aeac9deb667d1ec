/** What begins and ends container servers: cgroups, processes, notifications, foreign sockets, and the end of daemon and bus. */
package io.berth.tests.lifetime;
