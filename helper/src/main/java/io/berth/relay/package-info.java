/** Joins one app connection to one bus connection: framing, pending replies, name view, driver filter, back-pressure. */
package io.berth.relay;
