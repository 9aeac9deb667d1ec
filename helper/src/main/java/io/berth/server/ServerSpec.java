package io.berth.server;

import io.berth.api.AccessRule;
import io.berth.policy.LabelPolicy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A server as its creator asked for it; every value has been checked for its form.
 *
 * @param type            reverse-DNS name of the sandbox technology
 * @param appId           the app identifier within {@code type}
 * @param metadata        kept and shown, never interpreted
 * @param creator         who asked
 * @param bus             {@code session}, {@code system}, or a {@code unix:} address
 * @param allow           access rules; empty when {@code unrestricted}, or when there is a label policy
 * @param labels          decides in the place of access rules
 * @param unrestricted    everything but what is never allowed
 * @param allowHostEscape whether rules on names that hand out the host have effect
 * @param mode            enforce or complain
 * @param socket          a socket to accept on, bound by the creator; the registry owns this fd from the call of {@code add}
 *                        on, whatever comes of it. Empty for one of the helper's own
 * @param connector       a socket whose other side connects to the bus when asked; owned likewise. Empty for the helper itself
 * @param lifetime        when it begins and what ends it
 */
public record ServerSpec(String type, String appId, Map<String, ?> metadata, Creator creator, String bus,
        List<AccessRule> allow, Optional<LabelPolicy> labels, boolean unrestricted, boolean allowHostEscape, Mode mode, OptionalInt socket,
        OptionalInt connector, LifetimeSpec lifetime) {
    /** All that the registry owns. */
    List<Integer> fds() {
        List<Integer> fds = new ArrayList<>(lifetime.fds());
        socket.ifPresent(fds::add);
        connector.ifPresent(fds::add);
        return fds;
    }
}
