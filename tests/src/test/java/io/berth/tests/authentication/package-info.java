/** The conversation before the first message. */
package io.berth.tests.authentication;
