package io.berth.control;

import io.berth.server.CloseReason;
import io.berth.server.Registry;
import java.util.List;

/** What the methods of {@code io.berth.Server1} do; the call knows its server. */
final class ServerMembers {
    private final Registry registry;

    ServerMembers(Registry registry) {
        this.registry = registry;
    }

    List<Member> members() {
        return List.of(
                new Member("Remove", "", "", call ->
                        HelperMembers.done(registry.remove(call.server().id(), CloseReason.REMOVED))),
                new Member("StopListening", "", "", call -> HelperMembers.done(registry.stopListening(call.server().id()))),
                new Member("GetDenials", "", "aa{sv}", call -> registry.denials(call.server().id())
                        .thenApply(denials -> new Answer(denials.stream().map(AuditValues::of).toList()))));
    }
}
