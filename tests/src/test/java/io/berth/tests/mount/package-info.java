/** Sockets in other mount namespaces: real sandboxes of root and of an ordinary user, and attackers inside them. */
package io.berth.tests.mount;
