/** The only native calls of the helper. */
package io.berth.kernel.linux;
