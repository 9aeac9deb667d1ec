/** The registry and the life of a container server: states, what ends it, what it owns. */
package io.berth.server;
