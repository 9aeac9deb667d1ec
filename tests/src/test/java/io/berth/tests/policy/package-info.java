/** Servers under a policy in AppArmor's D-Bus language. */
package io.berth.tests.policy;
