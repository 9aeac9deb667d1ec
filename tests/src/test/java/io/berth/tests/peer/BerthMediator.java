package io.berth.tests.peer;

import io.berth.api.AccessRule;
import io.berth.api.RuleText;
import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.HelperApi;
import io.berth.tests.raw.DBusError;
import io.berth.tests.raw.RawClient;
import java.util.List;

/** A container server of a running daemon, removed in the end. */
final class BerthMediator implements Mediator {
    /** The daemon asks its own connection to the bus before it says that nobody has this name. */
    private static final String NOBODY = ":1.99999999";

    private final HelperApi helper;
    private final ContainerServer server;

    BerthMediator(HelperApi helper, List<String> rules) {
        this.helper = helper;
        this.server = helper.add("org.test.Differential", rules.stream().map(RuleText::parse).toArray(AccessRule[]::new));
    }

    @Override
    public RawClient connect() {
        return server.connect();
    }

    @Override
    public void settle() {
        try {
            throw new AssertionError(NOBODY + " is " + helper.instance(NOBODY));
        } catch (DBusError expected) {
            if (!expected.name().endsWith(".NameHasNoOwner")) {
                throw expected;
            }
        }
    }

    @Override
    public void close() {
        helper.remove(server);
    }
}
