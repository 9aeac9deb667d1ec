/** Recorded messages: what a policy says of them, and the smallest policy that allows them. */
package io.berth.learn;
