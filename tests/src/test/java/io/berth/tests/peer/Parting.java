package io.berth.tests.peer;

import io.berth.tests.peer.Event.Kind;
import java.util.Set;

/**
 * A step in which two worlds went apart, and what a listed difference asks about it.
 *
 * @param before      what was so in Berth's world
 * @param proxyBefore what was so in the proxy's
 */
record Parting(Step step, Facts before, Facts proxyBefore) {
    private static final Set<String> HIDDEN = Set.of("ServiceUnknown", "NameHasNoOwner");
    private static final Set<String> REFUSED = Set.of("ServiceUnknown", "NameHasNoOwner", "AccessDenied");

    /** Whom the app addresses or asks about; null when it does not. */
    String target() {
        if (step instanceof Step.Call call) {
            return call.to();
        } else if (step instanceof Step.Signal signal) {
            return signal.to();
        }
        return step instanceof Step.Ask ask ? ask.argument() : null;
    }

    boolean targetsUnique() {
        return target() != null && target().startsWith("@");
    }

    boolean targetsWellKnown() {
        return target() != null && !target().startsWith("@");
    }

    /** The app asks the driver this, with or without its interface. */
    boolean asks(Set<String> members) {
        return step instanceof Step.Ask ask && members.contains(ask.member());
    }

    /** The app got no more than a refusal there: an error, or that nobody has the name. */
    static boolean isRefusal(Event event) {
        return event.kind() == Kind.ERROR && REFUSED.contains(event.detail())
                || event.kind() == Kind.RETURN && event.detail().equals("bus b false 0");
    }

    static boolean isAccessDenied(Event event) {
        return event.kind() == Kind.ERROR && event.detail().equals("AccessDenied");
    }

    static boolean isHidden(Event event) {
        return event.kind() == Kind.ERROR && HIDDEN.contains(event.detail());
    }

    /** Of the three words of OWNER_CHANGED: name, before, now. */
    static String ownerChange(Event event, int word) {
        return event.detail().split(" ")[word];
    }
}
