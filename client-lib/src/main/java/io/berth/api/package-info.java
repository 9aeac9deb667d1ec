/** What launchers, services and the helper all say: access rules, identifiers and their texts. */
package io.berth.api;
