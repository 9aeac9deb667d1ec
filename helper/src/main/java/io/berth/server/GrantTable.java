package io.berth.server;

import io.berth.api.AccessFlags;
import io.berth.api.AccessRule;
import io.berth.server.RegistryException.Kind;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What services have granted to one server: rules about their own names, each until its service takes it back, loses the name it
 * speaks of, or leaves the bus. In force is a rule about the service's <em>connection</em>, so that nobody who takes the name over
 * inherits it, not for one message. Who owns what is for the caller to say. Loop thread.
 */
final class GrantTable {
    private static final int FORBIDDEN = AccessFlags.OWN | AccessFlags.NAME_IS_SUBTREE | AccessFlags.NAME_IS_APP;

    /**
     * One grant.
     *
     * @param rule    as it is shown: about a name that the service owned when it granted
     * @param inForce what it means: about the service's connection
     */
    record Granted(AccessRule rule, AccessRule inForce, Caller by) {
        boolean restsOn(String name, String uniqueName) {
            return by.uniqueName().equals(uniqueName) && (rule.busName().equals(name) || uniqueName.equals(name));
        }    }

    private final Set<Granted> granted = new LinkedHashSet<>();

    /** As they were given. */
    List<AccessRule> rules() {
        return granted.stream().map(Granted::rule).toList();
    }

    Collection<Granted> granted() {
        return granted;
    }

    /** What they mean. */
    List<AccessRule> inForce() {
        return granted.stream().map(Granted::inForce).toList();
    }

    int size() {
        return granted.size();
    }

    int countBy(String uniqueName) {
        return (int) granted.stream().filter(one -> one.by.uniqueName().equals(uniqueName)).count();
    }

    /**
     * The grants that these rules would be, of which none is there already.
     *
     * @param owned names of the service
     * @throws RegistryException INVALID_ARGUMENT for a rule that nobody may grant, ACCESS_DENIED for one about somebody else's name
     */
    List<Granted> check(List<AccessRule> rules, Caller by, Collection<String> owned) {
        Set<Granted> fresh = new LinkedHashSet<>();
        for (AccessRule rule : rules) {
            if ((rule.flags() & FORBIDDEN) != 0) {
                throw new RegistryException(Kind.INVALID_ARGUMENT, "a service cannot grant " + rule
                        + ": expected a rule about one of its own names, without OWN, NAME_IS_SUBTREE and NAME_IS_APP");
            }
            Granted grant = new Granted(ofCaller(rule, by), named(rule, by.uniqueName()), by);
            if (!owned.contains(grant.rule.busName())) {
                throw new RegistryException(Kind.ACCESS_DENIED, by.uniqueName() + " cannot grant " + rule + ": it does not own "
                        + rule.busName());
            }
            fresh.add(grant);
        }
        fresh.removeAll(granted);
        return List.copyOf(fresh);
    }

    void add(Collection<Granted> grants) {
        granted.addAll(grants);
    }

    /** @throws RegistryException INVALID_ARGUMENT for a rule that this service has not granted */
    List<Granted> find(List<AccessRule> rules, Caller by) {
        List<Granted> found = new ArrayList<>();
        for (AccessRule rule : rules) {
            AccessRule wanted = (rule.flags() & FORBIDDEN) != 0 ? rule : ofCaller(rule, by);
            found.add(granted.stream().filter(one -> one.rule.equals(wanted) && one.by.uniqueName().equals(by.uniqueName())).findFirst()
                    .orElseThrow(() -> new RegistryException(Kind.INVALID_ARGUMENT, by.uniqueName() + " has not granted " + rule)));
        }
        return found;
    }

    /** Those that end when a service loses a name; all of the service when that is its unique name. */
    List<Granted> restingOn(String name, String uniqueName) {
        return granted.isEmpty() ? List.of() : granted.stream().filter(one -> one.restsOn(name, uniqueName)).toList();
    }

    /** @return those that were there */
    List<Granted> remove(Collection<Granted> grants) {
        return grants.stream().filter(granted::remove).toList();
    }

    /** An empty name means the unique name of who says it. */
    private static AccessRule ofCaller(AccessRule rule, Caller by) {
        return rule.busName().isEmpty() ? named(rule, by.uniqueName()) : rule;
    }

    private static AccessRule named(AccessRule rule, String name) {
        return new AccessRule(rule.flags(), name, rule.objectPath(), rule.interfaceName());
    }
}
