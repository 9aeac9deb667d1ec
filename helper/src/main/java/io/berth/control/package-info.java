/** The helper's own D-Bus objects: decode, check the caller, call the registry. */
package io.berth.control;
