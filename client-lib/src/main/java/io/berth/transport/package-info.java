/** A dbus-java transport over jnr that carries file descriptors. */
package io.berth.transport;
