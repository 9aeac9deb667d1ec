package io.berth.tests.peer;

import io.berth.api.AccessFlags;
import io.berth.tests.peer.Event.Kind;
import java.util.Set;

/**
 * Every way in which Berth and xdg-dbus-proxy 0.1.4 differ, each with its reason. A difference explains single events: of
 * those that only Berth's world saw, and of those that only the proxy's did.
 *
 * <p>Since 0.1.6 there is one more: any {@code --call} or {@code --broadcast} rule about a name lets all of its broadcasts in. Its
 * manual says, as of 0.1.4, that the rule decides; Berth does as the manual says (DropInRulesTest).
 */
enum Difference {
    STICKY_GRANTS("what the proxy grants a unique name, by an allowed name that it owns or by its speaking to the app, stays for ever; "
            + "in Berth it ends with the name or the connection") {
        @Override
        boolean explainsBerth(Parting parting, Event event) {
            return Parting.isRefusal(event) && parting.targetsUnique() && parting.before().hasStaleGrant(parting.target());
        }

        @Override
        boolean explainsProxy(Parting parting, Event event) {
            Facts before = parting.before();
            return switch (event.kind()) {
                case LISTED -> before.hasStaleGrant(event.detail());
                case OWNER_CHANGED -> before.hasStaleGrant(Parting.ownerChange(event, 0).replace("-", ""));
                default -> parting.step() instanceof Step.Broadcast broadcast
                        ? before.hasStaleGrant(World.role(broadcast.service()))
                        : parting.targetsUnique() && before.hasStaleGrant(parting.target());
            };
        }
    },

    ALIASES("a rule covers its owner by all of its names; the proxy hides the other well-known names, and all of a peer that has spoken to the app") {
        @Override
        boolean explainsBerth(Parting parting, Event event) {
            Facts before = parting.before();
            return switch (event.kind()) {
                case LISTED -> before.isKnownByOtherName(event.detail());
                case OWNER_CHANGED -> {
                    String name = Parting.ownerChange(event, 0);
                    yield before.isKnownPeer(Parting.ownerChange(event, 1).replace("-", ""), name)
                            || before.isKnownPeer(Parting.ownerChange(event, 2), name);
                }
                default -> parting.targetsWellKnown() && before.isKnownByOtherName(parting.target());
            };
        }

        @Override
        boolean explainsProxy(Parting parting, Event event) {
            return Parting.isRefusal(event) && parting.targetsWellKnown() && parting.before().isKnownByOtherName(parting.target());
        }
    },

    SIGNALS_BY_CALL_RULE("the proxy's --call lets unicast signals out; in Berth a signal needs SIGNAL, which --talk has") {
        @Override
        boolean explainsProxy(Parting parting, Event event) {
            return parting.step() instanceof Step.Signal signal && signal.to() != null && event.kind() == Kind.SIGNAL
                    && parting.before().hasRuleForPeer(signal.to(), AccessFlags.CALL);
        }
    },

    FILE_DESCRIPTORS("the proxy passes every file descriptor; Berth needs SEND_FDS or RECEIVE_FDS, for incoming calls and broadcasts too") {
        @Override
        boolean explainsBerth(Parting parting, Event event) {
            return Parting.isAccessDenied(event) && carriesFds(parting.step());
        }

        @Override
        boolean explainsProxy(Parting parting, Event event) {
            return carriesFds(parting.step()) && !Parting.isRefusal(event);
        }

        private boolean carriesFds(Step step) {
            return step instanceof Step.Signal signal && signal.to() == null && signal.fd()
                    || step instanceof Step.CallApp call && (call.fd() || call.member().equals("Give"));
        }
    },

    REFUSED_CALLERS("a caller that Berth refuses because of its file descriptors is not made known to the app") {
        @Override
        boolean explainsBerth(Parting parting, Event event) {
            return parting.targetsUnique() && isOnlyHeardThroughProxy(parting, parting.target()) && Parting.isRefusal(event);
        }

        @Override
        boolean explainsProxy(Parting parting, Event event) {
            return switch (event.kind()) {
                case LISTED -> isOnlyHeardThroughProxy(parting, event.detail());
                case OWNER_CHANGED -> isOnlyHeardThroughProxy(parting, Parting.ownerChange(event, 1).replace("-", ""));
                case RETURN, ERROR -> parting.targetsUnique() && isOnlyHeardThroughProxy(parting, parting.target());
                default -> false;
            };
        }

        private boolean isOnlyHeardThroughProxy(Parting parting, String role) {
            return parting.proxyBefore().names().hasHeard(role) && !parting.before().names().hasHeard(role);
        }
    },

    NO_DESTINATION("a call without destination goes to the bus itself; Berth lets only Peer's methods through") {
        @Override
        boolean explainsBerth(Parting parting, Event event) {
            return unaddressed(parting.step()) && Parting.isAccessDenied(event);
        }

        @Override
        boolean explainsProxy(Parting parting, Event event) {
            return unaddressed(parting.step()) && event.kind() == Kind.ERROR && event.detail().equals("UnknownMethod");
        }

        private boolean unaddressed(Step step) {
            return step instanceof Step.Call call && call.to() == null;
        }
    },

    ERROR_FOR_UNIQUE_NAMES("dbus-daemon says ServiceUnknown for an unused unique name, and so does Berth for a hidden one; the proxy says NameHasNoOwner") {
        @Override
        boolean explainsBerth(Parting parting, Event event) {
            return isHiddenUnique(parting, event);
        }

        @Override
        boolean explainsProxy(Parting parting, Event event) {
            return isHiddenUnique(parting, event);
        }

        private boolean isHiddenUnique(Parting parting, Event event) {
            return parting.step() instanceof Step.Call && parting.targetsUnique() && Parting.isHidden(event);
        }
    },

    ERRORS_OF_THE_DRIVER("for a name that is not seen the proxy's driver errors are those of a call to it; Berth's are the driver's own") {
        @Override
        boolean explainsBerth(Parting parting, Event event) {
            return parting.asks(OWNING) ? Parting.isAccessDenied(event)
                    : parting.asks(QUESTIONS) && event.kind() == Kind.ERROR && event.detail().equals("NameHasNoOwner");
        }

        @Override
        boolean explainsProxy(Parting parting, Event event) {
            return (parting.asks(OWNING) || parting.asks(QUESTIONS)) && event.kind() == Kind.ERROR && event.detail().equals("ServiceUnknown");
        }
    },

    METHODS_OF_THE_DRIVER("the proxy refuses driver calls without interface and harmless methods that it does not know; Berth answers") {
        @Override
        boolean explainsBerth(Parting parting, Event event) {
            return answersMore(parting.step());
        }

        @Override
        boolean explainsProxy(Parting parting, Event event) {
            return answersMore(parting.step()) && Parting.isAccessDenied(event);
        }

        private boolean answersMore(Step step) {
            return step instanceof Step.Ask ask && (ask.interfaceName() == null || MORE_METHODS.contains(ask.member()));
        }
    },

    UNASKED_OWNER_CHANGES("what the proxy's own match rules bring in reaches the app; in Berth only what the app's own ask for") {
        @Override
        boolean explainsProxy(Parting parting, Event event) {
            return event.kind() == Kind.OWNER_CHANGED && !parting.before().asksForOwnerOf(Parting.ownerChange(event, 0))
                    && parting.before().hasRule(Parting.ownerChange(event, 0));
        }
    },

    START_BY_BROADCAST_RULE("any rule but --see lets the proxy's app start the service; in Berth that needs CALL") {
        @Override
        boolean explainsBerth(Parting parting, Event event) {
            return isAllowedToProxy(parting) && Parting.isAccessDenied(event);
        }

        @Override
        boolean explainsProxy(Parting parting, Event event) {
            return isAllowedToProxy(parting);
        }

        private boolean isAllowedToProxy(Parting parting) {
            return parting.asks(Set.of("StartServiceByName")) && parting.before().hasRuleForPeer(parting.target(), AccessFlags.BROADCAST);
        }
    },

    OWN_UNIQUE_NAME("the proxy takes the unique name of a name's owner for the name and leaves it to the bus to refuse owning it") {
        @Override
        boolean explainsBerth(Parting parting, Event event) {
            return isOwning(parting) && Parting.isAccessDenied(event);
        }

        @Override
        boolean explainsProxy(Parting parting, Event event) {
            return isOwning(parting) && event.kind() == Kind.ERROR && event.detail().equals("InvalidArgs");
        }

        private boolean isOwning(Parting parting) {
            return parting.asks(OWNING) && parting.targetsUnique() && parting.before().hasRuleForPeer(parting.target(), AccessFlags.OWN);
        }
    },

    ONE_DOT("of a rule a.b the proxy's program makes member b of interface a, which nothing can have; its manual and Berth say interface a.b") {
        @Override
        boolean explainsBerth(Parting parting, Event event) {
            return isInDoubt(parting);
        }

        @Override
        boolean explainsProxy(Parting parting, Event event) {
            return isInDoubt(parting) && Parting.isAccessDenied(event);
        }

        private boolean isInDoubt(Parting parting) {
            Step step = parting.step();
            return parting.before().rules().stream().anyMatch(rule -> rule.endsWith("=t.I"))
                    && (step instanceof Step.Call call && "t.I".equals(call.interfaceName())
                    || step instanceof Step.Signal signal && "t.I".equals(signal.interfaceName())
                    || step instanceof Step.Broadcast broadcast && broadcast.interfaceName().equals("t.I"));
        }
    };

    private static final Set<String> OWNING = Set.of("RequestName", "ReleaseName");
    private static final Set<String> QUESTIONS = Set.of("ListQueuedOwners", "GetConnectionUnixUser", "GetConnectionUnixProcessID",
            "GetConnectionCredentials");
    private static final Set<String> MORE_METHODS = Set.of("Ping", "Get", "ListQueuedOwners", "GetConnectionAppArmorSecurityContext");

    private final String reason;

    Difference(String reason) {
        this.reason = reason;
    }

    /** Whether this is why only Berth's world saw the event. */
    boolean explainsBerth(Parting parting, Event event) {
        return false;
    }

    /** Whether this is why only the proxy's world saw the event. */
    boolean explainsProxy(Parting parting, Event event) {
        return false;
    }

    String reason() {
        return reason;
    }
}
