/** The D-Bus interfaces of the helper as dbus-java sees them, and their introspection XML. */
package io.berth.dbus;
