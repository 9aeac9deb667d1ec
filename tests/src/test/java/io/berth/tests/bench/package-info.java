/** Berth, xdg-dbus-proxy and the bare bus measured side by side, in turns, in the same run. Not a test: {@code bin/bench}. */
package io.berth.tests.bench;
