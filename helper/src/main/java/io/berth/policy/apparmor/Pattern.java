package io.berth.policy.apparmor;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A glob of the language, read: it stands for a set of byte strings and always for whole ones. {@link PatternParser} makes
 * it, {@link PatternGraph} compiles it. Immutable.
 */
record Pattern(List<Element> elements) {
    /** One step of a pattern. */
    sealed interface Element permits One, Many, Choice {
    }

    /** One byte of a set. */
    record One(ByteSet bytes) implements Element {
    }

    /** Any number of bytes of a set. */
    record Many(ByteSet bytes) implements Element {
    }

    /** One of several patterns. */
    record Choice(List<Pattern> options) implements Element {
    }

    static final Pattern EMPTY = new Pattern(List.of());

    /** Whether it stands for every text there is, so that it narrows nothing. */
    boolean isEverything() {
        return elements.size() == 1 && elements.get(0) instanceof Many many && many.bytes.equals(ByteSet.ANY);
    }

    /**
     * All the texts it stands for.
     *
     * @param limit how many at most
     * @return empty when they are more, or too many to count
     */
    Optional<List<String>> findTexts(int limit) {
        List<String> texts = List.of("");
        for (Element element : elements) {
            List<String> tails = new ArrayList<>();
            if (element instanceof Choice choice) {
                for (Pattern option : choice.options) {
                    Optional<List<String>> found = option.findTexts(limit);
                    if (found.isEmpty() || tails.size() + found.get().size() > limit) {
                        return Optional.empty();
                    }
                    tails.addAll(found.get());
                }
            } else if (element instanceof One one) {
                for (int value = 0; value < 256; value++) {
                    if (one.bytes.contains(value)) {
                        tails.add(new String(new byte[] {(byte) value}, StandardCharsets.ISO_8859_1));
                    }
                }
            } else {
                return Optional.empty();
            }
            if ((long) texts.size() * tails.size() > limit) {
                return Optional.empty();
            }
            List<String> longer = new ArrayList<>();
            for (String head : texts) {
                for (String tail : tails) {
                    longer.add(head + tail);
                }
            }
            texts = longer;
        }
        return Optional.of(texts);
    }

    /**
     * This pattern without a last {@code {,TAIL}}.
     *
     * @param tail what the last choice must be, besides nothing
     */
    Optional<Pattern> findWithoutOptional(Pattern tail) {
        if (elements.isEmpty() || !(elements.get(elements.size() - 1) instanceof Choice choice) || choice.options.size() != 2
                || !choice.options.contains(EMPTY) || !choice.options.contains(tail)) {
            return Optional.empty();
        }
        return Optional.of(new Pattern(elements.subList(0, elements.size() - 1)));
    }
}
