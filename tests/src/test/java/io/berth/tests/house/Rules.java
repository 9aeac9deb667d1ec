package io.berth.tests.house;

import static io.berth.api.AccessFlags.CALL;
import static io.berth.api.AccessFlags.OWN;
import static io.berth.api.AccessFlags.PATH_IS_SUBTREE;
import static io.berth.api.AccessFlags.SEE;
import static io.berth.api.AccessFlags.TALK;

import io.berth.api.AccessRule;

/** Access rules as tests need them: any path, any interface. */
public final class Rules {
    private Rules() {
    }

    public static AccessRule rule(int flags, String name) {
        return new AccessRule(flags | PATH_IS_SUBTREE, name, "/", "");
    }

    public static AccessRule talk(String name) {
        return rule(TALK, name);
    }

    public static AccessRule call(String name) {
        return rule(CALL, name);
    }

    public static AccessRule see(String name) {
        return rule(SEE, name);
    }

    public static AccessRule own(String name) {
        return rule(OWN, name);
    }
}
