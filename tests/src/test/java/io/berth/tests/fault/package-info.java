/** What ends the helper, and that it does: faults in whatever thread, no memory, the end of the session. */
package io.berth.tests.fault;
