/** Access rules compiled into an immutable snapshot that answers what a message may do. */
package io.berth.policy;
