/** Connections to the bus that the sandbox makes itself: the connector, and the programs that are one. */
package io.berth.tests.connector;
