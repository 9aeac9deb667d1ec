package io.berth.server;

import io.berth.api.AccessRule;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A server as its creator asked for it; every value has been checked for its form.
 *
 * @param type              reverse-DNS name of the sandbox technology
 * @param appId             the app identifier within {@code type}
 * @param metadata          kept and shown, never interpreted
 * @param creator           who asked
 * @param bus               {@code session}, {@code system}, or a {@code unix:} address
 * @param allow             access rules; empty when {@code unrestricted}
 * @param unrestricted      everything but what is never allowed
 * @param allowHostEscape   whether rules on names that hand out the host have effect
 * @param mode              enforce or complain
 * @param closeNotification an fd that the registry owns from the call of {@code add} on, whatever comes of it
 * @param outliveCreator    whether the server stays when its creator leaves the bus; empty for the default: it stays when
 *                          another end is set or it has clients
 * @param startTimeoutUs    microseconds to get a first client, 0 for ever
 */
public record ServerSpec(String type, String appId, Map<String, ?> metadata, Creator creator, String bus,
        List<AccessRule> allow, boolean unrestricted, boolean allowHostEscape, Mode mode,
        OptionalInt closeNotification, Optional<Boolean> outliveCreator, long startTimeoutUs) {
    public static final long DEFAULT_START_TIMEOUT_US = 60_000_000;
}
