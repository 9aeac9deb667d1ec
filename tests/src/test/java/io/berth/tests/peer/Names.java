package io.berth.tests.peer;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** Who owns which name in one world, has owned it while the app was there, and has spoken to the app: all by role. */
final class Names {
    private final Map<String, String> owners = new HashMap<>();
    private final Map<String, Set<String>> everOwned = new HashMap<>();
    private final Set<String> heard = new HashSet<>();

    Names copy() {
        Names copy = new Names();
        copy.owners.putAll(owners);
        everOwned.forEach((role, names) -> copy.everOwned.put(role, new HashSet<>(names)));
        copy.heard.addAll(heard);
        return copy;
    }

    /** @param role null for nobody */
    void owned(String name, String role) {
        if (role == null) {
            owners.remove(name);
        } else {
            owners.put(name, role);
            everOwned.computeIfAbsent(role, key -> new HashSet<>()).add(name);
        }
    }

    void heard(String role) {
        heard.add(role);
    }

    /** Another connection has the role now. */
    void left(String role) {
        move(role, role + "-");
    }

    private void move(String role, String gone) {
        everOwned.remove(gone);
        heard.remove(gone);
        Set<String> names = everOwned.remove(role);
        if (names != null) {
            everOwned.put(gone, names);
        }
        if (heard.remove(role)) {
            heard.add(gone);
        }
    }

    boolean hasHeard(String role) {
        return heard.contains(role);
    }

    /** The role that a destination leads to; null for nobody. */
    String peer(String destination) {
        return destination.startsWith("@") ? destination : owners.get(destination);
    }

    boolean owns(String role, String name) {
        return role.equals(owners.get(name));
    }

    Set<String> everOwned(String role) {
        return everOwned.getOrDefault(role, Set.of());
    }
}
