/** The berth command and the client library against a real daemon. */
package io.berth.tests.command;
