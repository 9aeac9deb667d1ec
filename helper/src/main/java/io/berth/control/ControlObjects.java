package io.berth.control;

import io.berth.dbus.HelperName;
import io.berth.kernel.Fault;
import io.berth.server.Registry;
import io.berth.transport.MessageBus;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.freedesktop.dbus.messages.DBusSignal;
import org.freedesktop.dbus.messages.MethodCall;

/**
 * Takes every method call that arrives and sees to it that it is answered once: finds the object, the interface and the
 * member, checks types and the caller. What members do is left to them. Runs on the reading thread; members run where
 * the check of the caller ends, which is the loop thread.
 */
final class ControlObjects implements MessageBus.Listener {
    private final MessageBus bus;
    private final Outbox outbox;
    private final Registry registry;
    private final CreatorWatcher creators;
    private final CallerCheck callers;
    private final OpenCalls open = new OpenCalls();
    private final Consumer<IOException> onClosed;
    private final Map<String, Map<String, Member>> interfaces = new HashMap<>();

    ControlObjects(MessageBus bus, Outbox outbox, Registry registry, CreatorWatcher creators, ControlSettings settings,
            Consumer<IOException> onClosed) {
        this.bus = bus;
        this.outbox = outbox;
        this.registry = registry;
        this.creators = creators;
        this.callers = new CallerCheck(bus, outbox, registry);
        this.onClosed = onClosed;
        HelperMembers helper = new HelperMembers(registry, creators, settings);
        StandardMembers standard = new StandardMembers(registry, helper.properties());
        export(HelperName.HELPER_INTERFACE, helper.members());
        export(HelperName.SERVER_INTERFACE, new ServerMembers(registry, creators).members());
        export(Introspection.INTROSPECTABLE, standard.introspectable());
        export(Introspection.PEER, StandardMembers.peer());
        export(Introspection.PROPERTIES, standard.properties());
        export(Introspection.OBJECT_MANAGER, standard.objectManager());
    }

    private void export(String interfaceName, List<Member> members) {
        interfaces.put(interfaceName, members.stream().collect(Collectors.toMap(Member::name, Function.identity())));
    }

    @Override
    public void onMethodCall(MethodCall message) {
        outbox.awaitRoom();
        String caller = message.getSource();
        long bytes = OpenCalls.bytesOf(message);
        if (!open.begin(caller, bytes)) {
            onUnread(message, "this caller, or all together, wait for the answers to very many others");
            return;
        }
        IncomingCall call = new IncomingCall(message, isKnown(message), bus, outbox, () -> open.end(caller, bytes));
        Fault.reportOf(callers.check(call).thenCompose(allowed -> answer(call)).exceptionally(failure -> {
            call.fail(failure);
            return null;
        }));
    }

    /** Whether some member is called that takes such arguments; what others bring is not unpacked. */
    private boolean isKnown(MethodCall message) {
        String signature = message.getSig() == null ? "" : message.getSig();
        return interfaces.values().stream().map(members -> members.get(message.getName()))
                .anyMatch(member -> member != null && member.in().equals(signature));
    }

    private CompletableFuture<Void> answer(IncomingCall call) {
        ObjectNode node = ObjectNode.of(call.path());
        if (node != ObjectNode.SERVER) {
            return invoke(call, node);
        }
        return registry.get(ServerPath.id(call.path())).thenCompose(server -> {
            call.server(server);
            return invoke(call, node);
        });
    }

    private CompletableFuture<Void> invoke(IncomingCall call, ObjectNode node) {
        Member member = find(call, node);
        if (!call.signature().equals(member.in())) {
            throw ControlException.invalid(member.name() + " takes (" + member.in() + "), not (" + call.signature() + ")");
        }
        if (call.isMalformed()) {
            throw ControlException.invalid("the arguments of " + member.name() + " do not fit their signature");
        }
        return member.handler().handle(call).thenAccept(answer -> call.reply(member.out(), answer));
    }

    /** A call without an interface means the first member of that name. */
    private Member find(IncomingCall call, ObjectNode node) {
        String named = call.interfaceName();
        if (!named.isEmpty() && !node.interfaces().contains(named)) {
            throw new ControlException(ControlException.UNKNOWN_INTERFACE, call.path() + " has no interface " + named);
        }
        for (String name : named.isEmpty() ? node.interfaces() : List.of(named)) {
            Member member = interfaces.get(name).get(call.member());
            if (member != null) {
                return member;
            }
        }
        throw new ControlException(ControlException.UNKNOWN_METHOD, call.path() + " has no method "
                + (named.isEmpty() ? "" : named + ".") + call.member());
    }

    @Override
    public void onUnread(MethodCall message, String reason) {
        new IncomingCall(message, false, bus, outbox, () -> { }).fail(new ControlException(HelperName.LIMITS_EXCEEDED,
                "the call was not read: " + reason));
    }

    @Override
    public void onSignal(DBusSignal signal) {
        creators.onSignal(signal);
    }

    @Override
    public void onClosed(IOException reason) {
        onClosed.accept(reason);
    }
}
