/** Whose connections are whose, what ends a container server and a daemon, and what they leave: nothing. */
package io.berth.tests.life;
