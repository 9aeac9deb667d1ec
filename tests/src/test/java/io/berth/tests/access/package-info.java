/** What rules let through, hide and refuse. */
package io.berth.tests.access;
