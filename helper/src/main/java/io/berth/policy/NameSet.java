package io.berth.policy;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A list of bus names, some of them with all that is below them. Written {@code org.foo} or {@code org.foo.*}; the second
 * covers {@code org.foo} too. Immutable.
 */
public final class NameSet {
    /** Of a bus name, in bytes (D-Bus specification). */
    private static final int LONGEST = 255;

    private final List<String> texts;
    private final Set<String> names = new HashSet<>();
    /** Of those that are meant with all below them. */
    private final Set<String> bases = new HashSet<>();

    /** @throws IllegalArgumentException naming a text that is neither a bus name nor a bus name with {@code .*} */
    public NameSet(List<String> texts) {
        for (String text : texts) {
            String base = text.endsWith(".*") ? text.substring(0, text.length() - 2) : text;
            if (!base.matches("[A-Za-z_-][A-Za-z0-9_-]*(\\.[A-Za-z_-][A-Za-z0-9_-]*)+") || base.length() > LONGEST) {
                throw new IllegalArgumentException("«" + text + "» is not a bus name, nor a bus name followed by .*");
            }
            (base.equals(text) ? names : bases).add(base);
        }
        this.texts = List.copyOf(texts);
    }

    /** This list less what stands in it for {@code base}, for all below it, or for a name below it. */
    public NameSet without(String base) {
        return new NameSet(texts.stream().filter(text -> !covers(base, text)).toList());
    }

    public boolean contains(String name) {
        boolean contained = names.contains(name);
        for (String base = name; base != null && !contained; base = above(base)) {
            contained = bases.contains(base);
        }
        return contained;
    }

    /** Whether {@code name} is {@code base} or below it: {@code org.foo} covers {@code org.foo.bar}, not {@code org.foobar}. */
    static boolean covers(String base, String name) {
        return name.startsWith(base) && (name.length() == base.length() || name.charAt(base.length()) == '.');
    }

    /** The name that {@code name} stands right below; null when there is none. What is too long for a name stands below nothing. */
    static String above(String name) {
        int dot = name.lastIndexOf('.');
        return dot < 0 || name.length() > LONGEST ? null : name.substring(0, dot);
    }

    @Override
    public String toString() {
        return String.join(" ", texts);
    }
}
