package io.berth.tests.peer;

import io.berth.tests.house.Descriptors;
import io.berth.tests.house.PrivateBus;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Three services on a bus and one app behind a {@link Mediator}, all played by one thread, so that a scenario always runs the
 * same. After each step everybody reads all there is and answers what it was asked, until nothing moves any more. Owns the
 * connections; bus and mediator are borrowed.
 */
final class World implements AutoCloseable {
    static final int SERVICES = 3;
    static final String APP = "@app";
    static final String BUS = "bus";
    private static final String NEVER_THERE = ":1.99999998";

    private final PrivateBus bus;
    private final Mediator mediator;
    private final RawClient[] services = new RawClient[SERVICES];
    private final Map<String, String> uniqueNames = new HashMap<>();
    private final Map<String, String> roles = new HashMap<>();
    private final Names names = new Names();
    private final int[] spare = Descriptors.pipe();
    private RawClient app;
    private int awaited;

    private World(PrivateBus bus, Mediator mediator) {
        this.bus = bus;
        this.mediator = mediator;
    }

    /** @return what happened in each step */
    static List<Observation> play(Scenario scenario, PrivateBus bus, Mediator mediator) {
        try (World world = new World(bus, mediator)) {
            world.enter(scenario.owners());
            List<Observation> observations = new ArrayList<>();
            Set<MatchChoice> matches = new HashSet<>();
            for (Step step : scenario.steps()) {
                Facts facts = new Facts(scenario.rules(), world.names.copy(), Set.copyOf(matches));
                observations.add(new Observation(step, facts, world.perform(step)));
                if (step instanceof Step.Match match) {
                    if (match.add()) {
                        matches.add(match.choice());
                    } else {
                        matches.remove(match.choice());
                    }
                }
            }
            return observations;
        }
    }

    private void enter(List<Step.Own> owners) {
        for (int i = 0; i < SERVICES; i++) {
            connectService(i);
        }
        owners.forEach(owner -> owner.perform(this));
        mediator.settle();
        app = mediator.connect();
        name(APP, app.uniqueName());
        readAll(new HashSet<>());
        learnNames();
    }

    private void connectService(int number) {
        services[number] = bus.connect();
        name(role(number), services[number].uniqueName());
        services[number].match("type='signal',interface='org.t.I'");
        services[number].match("type='signal',interface='org.t.J'");
    }

    private void name(String role, String uniqueName) {
        String before = uniqueNames.put(role, uniqueName);
        if (before != null) {
            uniqueNames.put(role + "-", before);
            roles.put(before, role + "-");
        }
        roles.put(uniqueName, role);
    }

    static String role(int service) {
        return "@" + service;
    }

    RawClient service(int number) {
        return services[number];
    }

    void reconnect(int number) {
        services[number].close();
        roles.remove(uniqueNames.remove(role(number) + "-"));
        connectService(number);
        names.left(role(number));
        services[number].sync();
    }

    /** A role's unique name; anything else is a name already. */
    String resolve(String destination) {
        return destination.startsWith("@") ? uniqueNames.getOrDefault(destination, NEVER_THERE) : destination;
    }

    /** A unique name's role; any other name as it is, null as {@code -}. */
    String roleOf(String name) {
        if (name == null) {
            return "-";
        }
        return name.equals(RawClient.BUS) ? BUS : roles.getOrDefault(name, name.startsWith(":") ? "stranger" : name);
    }

    Message withFd(Message message, boolean fd) {
        return fd ? message.fds(spare[0]) : message;
    }

    void sendFromApp(Message message, boolean expectsReply) {
        int serial = app.send(message);
        awaited = expectsReply ? serial : 0;
    }

    private List<Event> perform(Step step) {
        awaited = 0;
        step.perform(this);
        List<Event> events = new ArrayList<>();
        Set<Integer> answered = new HashSet<>();
        events.addAll(readAll(answered));
        if (awaited != 0 && !answered.contains(awaited)) {
            // the bus is starting a service for it
            Message answer = app.await("an answer to " + step, message -> message.replySerial() == awaited);
            new EventReader(this, APP).read(answer, events);
        }
        if (step.changesNames()) {
            mediator.settle();
            events.addAll(readAll(answered));
            learnNames();
        }
        return events;
    }

    /** Until nobody has got anything any more. */
    private List<Event> readAll(Set<Integer> answered) {
        List<Event> events = new ArrayList<>();
        boolean moving = true;
        while (moving) {
            for (RawClient service : services) {
                service.sync();
            }
            app.sync();
            for (RawClient service : services) {
                service.sync();
            }
            moving = false;
            for (Message message : app.drain()) {
                answered.add(message.replySerial());
                moving |= take(APP, app, message, events);
            }
            for (int i = 0; i < SERVICES; i++) {
                for (Message message : services[i].drain()) {
                    moving |= take(role(i), services[i], message, events);
                }
            }
        }
        return events;
    }

    /** @return whether it was answered, so that somebody will have something to read */
    private boolean take(String role, RawClient endpoint, Message message, List<Event> events) {
        new EventReader(this, role).read(message, events);
        String sender = roleOf(message.sender());
        if (role.equals(APP) && sender.startsWith("@") && message.replySerial() == 0 && message.destination() != null) {
            names.heard(sender);
        }
        Descriptors.close(message.fds());
        boolean answers = message.type() == Message.CALL && (message.flags() & Message.NO_REPLY_EXPECTED) == 0;
        if (answers) {
            endpoint.send("Fail".equals(message.member())
                    ? Message.error(message.sender(), message.serial(), "org.t.Error.Failed").body("s", "no")
                    : withFd(Message.reply(message.sender(), message.serial()), "Give".equals(message.member())).body("s", "done"));
        }
        return answers;
    }

    private void learnNames() {
        for (String name : Scenario.NAMES) {
            Message answer = services[0].answer(Message.call(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, "GetNameOwner").body("s", name));
            names.owned(name, answer.type() == Message.RETURN ? roleOf((String) answer.arg()) : null);
        }
    }

    @Override
    public void close() {
        if (app != null) {
            app.close();
        }
        for (RawClient service : services) {
            if (service != null) {
                service.close();
            }
        }
        Descriptors.close(spare);
    }
}
