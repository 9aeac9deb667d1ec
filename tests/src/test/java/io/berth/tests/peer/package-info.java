/** The same policies and operations through Berth and through xdg-dbus-proxy: every difference is listed with its reason. */
package io.berth.tests.peer;
