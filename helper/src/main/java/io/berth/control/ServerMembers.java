package io.berth.control;

import io.berth.server.CloseReason;
import io.berth.server.Registry;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.freedesktop.dbus.types.UInt64;

/** What the methods of {@code io.berth.Server1} do; the call knows its server. */
final class ServerMembers {
    private final Registry registry;
    private final CreatorWatcher callers;

    ServerMembers(Registry registry, CreatorWatcher callers) {
        this.registry = registry;
        this.callers = callers;
    }

    List<Member> members() {
        return List.of(
                new Member("Remove", "", "", call ->
                        HelperMembers.done(registry.remove(call.server().id(), CloseReason.REMOVED))),
                new Member("StopListening", "", "", call -> HelperMembers.done(registry.stopListening(call.server().id()))),
                new Member("GetDenials", "", "aa{sv}", call -> registry.denials(call.server().id())
                        .thenApply(denials -> new Answer(AuditValues.of(denials)))),
                new Member("Observe", "b", "", this::observe),
                new Member("StopObserving", "", "t", call -> registry.stopObserving(call.server().id(), call.sender())
                        .thenApply(leftOut -> new Answer(new UInt64(leftOut)))));
    }

    /** Ends with the caller's connection, so that it is watched before anything begins. */
    private CompletableFuture<Answer> observe(IncomingCall call) {
        String caller = call.sender();
        boolean complain = call.argument(0);
        return callers.watch(caller).thenCompose(known -> registry.observe(call.server().id(), caller, complain).whenComplete((done, failure) -> {
            if (failure == null) {
                callers.onServerMade(caller);
            } else {
                callers.unwatch(caller);
            }
        })).thenApply(done -> Answer.EMPTY);
    }
}
