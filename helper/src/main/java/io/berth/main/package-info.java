/** Reads the configuration, wires the graph and runs the daemon. */
package io.berth.main;
