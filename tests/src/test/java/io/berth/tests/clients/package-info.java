/** Programs and libraries that others wrote, run unchanged behind a container socket. */
package io.berth.tests.clients;
