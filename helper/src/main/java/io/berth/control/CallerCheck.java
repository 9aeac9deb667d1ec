package io.berth.control;

import io.berth.dbus.HelperName;
import io.berth.server.ConfinedIdentity;
import io.berth.server.Registry;
import io.berth.transport.MessageBus;
import java.io.IOException;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.freedesktop.dbus.exceptions.DBusException;
import org.freedesktop.dbus.messages.Message;

/** Who may call what: everybody everything, but a confined connection may only ask about itself. */
final class CallerCheck {
    private static final Set<String> ABOUT_A_NAME = Set.of("GetConnectionInstance", "GetConnectionCredentials",
            "GetConnectionInstanceOnBus", "GetConnectionCredentialsOnBus");
    private static final String ABOUT_A_SERVER = "GetInstanceInfo";

    private final MessageBus bus;
    private final Outbox outbox;
    private final Registry registry;

    CallerCheck(MessageBus bus, Outbox outbox, Registry registry) {
        this.bus = bus;
        this.outbox = outbox;
        this.registry = registry;
    }

    /**
     * A caller that has left already is not known to be unconfined: it is refused.
     *
     * @return fails with AccessDenied when the caller may not make this call
     */
    CompletableFuture<Void> check(IncomingCall call) {
        return registry.identify("session", call.sender(), false).handle((caller, failure) -> {
            if (failure == null) {
                return checkConfined(call, caller);
            }
            return ControlException.of(failure).errorName().equals(HelperName.NOT_CONTAINER) ? allowed()
                    : CompletableFuture.<Void>failedFuture(failure);
        }).thenCompose(answer -> answer);
    }

    private CompletableFuture<Void> checkConfined(IncomingCall call, ConfinedIdentity caller) {
        boolean ours = call.path().equals(HelperName.ROOT_PATH) && !call.isMalformed() && !call.hasFds()
                && (call.interfaceName().isEmpty() || call.interfaceName().equals(HelperName.HELPER_INTERFACE));
        String signature = call.signature();
        if (ours && ABOUT_A_NAME.contains(call.member()) && (signature.equals("s") || signature.equals("ss"))) {
            // on another bus a unique name says nothing about this connection
            boolean here = signature.equals("s") || call.text(1).equals("session");
            return here ? checkOwn(call, call.text(0)) : denied(call);
        }
        boolean ownServer = ours && call.member().equals(ABOUT_A_SERVER) && signature.equals("o")
                && call.text(0).equals(ServerPath.of(caller.server().id()));
        return ownServer ? allowed() : denied(call);
    }

    private CompletableFuture<Void> checkOwn(IncomingCall call, String busName) {
        if (busName.equals(call.sender())) {
            return allowed();
        }
        CompletableFuture<Void> own = new CompletableFuture<>();
        outbox.add(() -> {
            try {
                bus.callDriver("GetNameOwner", (reply, error) -> {
                    if (error == null && call.sender().equals(owner(reply))) {
                        own.complete(null);
                    } else {
                        own.completeExceptionally(denial(call));
                    }
                }, "s", busName);
            } catch (IOException gone) {
                own.completeExceptionally(gone);
                throw gone;
            }
        });
        return own;
    }

    private static String owner(Message reply) {
        try {
            return (String) reply.getParameters()[0];
        } catch (DBusException | RuntimeException malformed) {
            return "";
        }
    }

    private static CompletableFuture<Void> allowed() {
        return CompletableFuture.completedFuture(null);
    }

    private static CompletableFuture<Void> denied(IncomingCall call) {
        return CompletableFuture.failedFuture(denial(call));
    }

    private static ControlException denial(IncomingCall call) {
        return new ControlException(HelperName.ACCESS_DENIED, "a confined connection may only ask about itself with "
                + HelperName.HELPER_INTERFACE + ".Get...; " + call.member() + " is denied to " + call.sender());
    }
}
