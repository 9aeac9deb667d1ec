package io.berth.tests.peer;

import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;

/**
 * One operation of a scenario. Destinations are well-known names, or {@code @0} for the unique name of service 0, {@code @0-}
 * for the one it had before, {@code @app} for the app's: {@link World#resolve}.
 */
sealed interface Step {
    void perform(World world);

    /** Whether names may change hands by it. */
    default boolean changesNames() {
        return false;
    }

    /** What the app says to somebody. @param interfaceName null for none */
    record Call(String to, String path, String interfaceName, String member, int flags, boolean fd) implements Step {
        @Override
        public void perform(World world) {
            Message call = Message.call(to == null ? null : world.resolve(to), path, interfaceName, member).flags(flags);
            world.sendFromApp(world.withFd(call.body("s", "asked"), fd), (flags & Message.NO_REPLY_EXPECTED) == 0);
        }
    }

    /** @param to null for a broadcast */
    record Signal(String to, String path, String interfaceName, String member, boolean fd) implements Step {
        @Override
        public void perform(World world) {
            Message signal = Message.signal(to == null ? null : world.resolve(to), path, interfaceName, member);
            world.sendFromApp(world.withFd(signal.body("s", "said"), fd), false);
        }
    }

    /** A reply that nobody waits for. */
    record StrayReply(String to) implements Step {
        @Override
        public void perform(World world) {
            world.sendFromApp(Message.reply(world.resolve(to), 4711), false);
        }
    }

    /** A service calls the app. */
    record CallApp(int service, String path, String interfaceName, String member, int flags, boolean fd) implements Step {
        @Override
        public void perform(World world) {
            Message call = Message.call(world.resolve("@app"), path, interfaceName, member).flags(flags);
            world.service(service).send(world.withFd(call.body("s", "asked"), fd));
        }
    }

    /** A service sends the app a signal of its own. */
    record SignalApp(int service, String path, String interfaceName, String member) implements Step {
        @Override
        public void perform(World world) {
            world.service(service).send(Message.signal(world.resolve("@app"), path, interfaceName, member).body("s", "said"));
        }
    }

    record Broadcast(int service, String path, String interfaceName, String member) implements Step {
        @Override
        public void perform(World world) {
            world.service(service).send(Message.signal(null, path, interfaceName, member).body("s", "said"));
        }
    }

    /**
     * The app asks the bus driver.
     *
     * @param interfaceName null for none
     * @param argument      a destination, or null
     */
    record Ask(String interfaceName, String member, String argument) implements Step {
        /** ALLOW_REPLACEMENT, REPLACE_EXISTING, DO_NOT_QUEUE. */
        static final int REQUEST = 7;

        @Override
        public void perform(World world) {
            Message call = Message.call(RawClient.BUS, RawClient.BUS_PATH, interfaceName, member);
            switch (member) {
                case "RequestName" -> call.body("su", world.resolve(argument), REQUEST);
                case "StartServiceByName" -> call.body("su", world.resolve(argument), 0);
                case "Get" -> call.body("ss", RawClient.BUS, "Features");
                default -> {
                    if (argument != null) {
                        call.body("s", world.resolve(argument));
                    }
                }
            }
            world.sendFromApp(call, true);
        }

        @Override
        public boolean changesNames() {
            return member.equals("RequestName") || member.equals("ReleaseName");
        }
    }

    record Match(boolean add, MatchChoice choice) implements Step {
        @Override
        public void perform(World world) {
            world.sendFromApp(Message.call(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, add ? "AddMatch" : "RemoveMatch")
                    .body("s", choice.rule()), true);
        }
    }

    /** A service takes a name from whoever has it, or gives it back. */
    record Own(int service, String name, boolean request) implements Step {
        @Override
        public void perform(World world) {
            Message call = Message.call(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, request ? "RequestName" : "ReleaseName");
            world.service(service).call(request ? call.body("su", name, Ask.REQUEST) : call.body("s", name));
        }

        @Override
        public boolean changesNames() {
            return true;
        }
    }

    /** A service leaves the bus and comes back under another unique name, owning nothing. */
    record Reconnect(int service) implements Step {
        @Override
        public void perform(World world) {
            world.reconnect(service);
        }

        @Override
        public boolean changesNames() {
            return true;
        }
    }
}
