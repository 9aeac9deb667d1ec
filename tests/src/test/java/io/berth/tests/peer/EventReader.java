package io.berth.tests.peer;

import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import java.util.List;
import java.util.Set;

/** Turns messages that one endpoint got into {@link Event}s, the same in every world: no serials, no unique names, no pids. */
final class EventReader {
    /** Their values are about the process that made the connection, which is another one in each world. */
    private static final Set<String> PROCESS_VALUES = Set.of("u", "a{sv}", "ay");

    private final World world;
    private final String at;

    EventReader(World world, String at) {
        this.world = world;
        this.at = at;
    }

    void read(Message message, List<Event> events) {
        String sender = world.roleOf(message.sender());
        switch (message.type()) {
            case Message.CALL -> add(events, Event.Kind.CALL, header(message, sender));
            case Message.SIGNAL -> {
                if (message.is(Message.SIGNAL, "NameOwnerChanged") && sender.equals(World.BUS)) {
                    List<Object> args = message.args();
                    add(events, Event.Kind.OWNER_CHANGED, role(args, 0) + " " + role(args, 1) + " " + role(args, 2));
                } else {
                    add(events, Event.Kind.SIGNAL, header(message, sender));
                }
            }
            // who wrote a refusal does not matter
            case Message.ERROR -> add(events, Event.Kind.ERROR, message.errorName().replaceFirst(".*\\.", ""));
            default -> answer(message, sender, events);
        }
    }

    private void answer(Message message, String sender, List<Event> events) {
        String signature = message.signature();
        if (signature.equals("as")) {
            ((List<?>) message.arg()).forEach(name -> add(events, Event.Kind.LISTED, world.roleOf((String) name)));
        }
        // a reply that the proxy makes up has no sender
        String from = sender.startsWith("@") ? sender : World.BUS;
        add(events, Event.Kind.RETURN, from + " " + signature + " " + value(message, signature) + " " + message.fds().length);
    }

    private String value(Message message, String signature) {
        if (signature.equals("s")) {
            String text = (String) message.arg();
            return text.startsWith(":") ? world.roleOf(text) : text.length() > 64 ? "long text" : text;
        }
        if (signature.equals("b")) {
            return String.valueOf(message.arg());
        }
        boolean small = signature.equals("u") && (Long) message.arg() <= 4;
        return small ? String.valueOf(message.arg()) : PROCESS_VALUES.contains(signature) ? "of a process" : "";
    }

    private String header(Message message, String sender) {
        return sender + " " + world.roleOf(message.destination()) + " " + message.path() + " " + message.interfaceName() + "."
                + message.member() + " " + message.flags() + " " + message.fds().length;
    }

    private String role(List<Object> args, int index) {
        String name = (String) args.get(index);
        return name.isEmpty() ? "-" : world.roleOf(name);
    }

    private void add(List<Event> events, Event.Kind kind, String detail) {
        events.add(new Event(at, kind, detail));
    }
}
