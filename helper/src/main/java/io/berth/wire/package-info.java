/** D-Bus bytes: message headers, bodies, SASL, match rules, addresses. */
package io.berth.wire;
