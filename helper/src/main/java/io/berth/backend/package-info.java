/** The ways to get a container server's socket served. */
package io.berth.backend;
