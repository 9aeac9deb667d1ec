/** D-Bus spoken byte by byte by the tests' own code, so that no fault of the daemon's code can hide itself, and so that it can be spoken wrongly. */
package io.berth.tests.raw;
