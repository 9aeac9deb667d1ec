/** The client: a launcher makes a container server, a service asks which app is calling. */
package io.berth.client;
