package io.berth.control;

import java.util.Map;

/**
 * What the control objects are told by the configuration.
 *
 * @param version        shown as the property {@code Version}
 * @param limits         shown as the property {@code Limits}: names and values, cut to 32 bits unsigned
 * @param metadataBytes  metadata that one server may have
 * @param rulesPerServer access rules that one server may have
 */
public record ControlSettings(String version, Map<String, Long> limits, int metadataBytes, int rulesPerServer) {
}
