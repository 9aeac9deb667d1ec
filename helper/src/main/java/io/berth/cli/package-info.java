/** The berth command. */
package io.berth.cli;
