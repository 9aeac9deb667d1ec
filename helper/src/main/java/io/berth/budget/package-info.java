/** How much container servers may make the helper keep, each of them and all together, and who is refused first. */
package io.berth.budget;
