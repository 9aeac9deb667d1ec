/** The AppArmor D-Bus language, today's and the one of 2011: read, compiled, asked, and converted to and from access rules. */
package io.berth.policy.apparmor;
