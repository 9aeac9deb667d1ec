/** How messages pass: once, in order, whole, with their file descriptors, whatever their size and whoever does not read. */
package io.berth.tests.relay;
