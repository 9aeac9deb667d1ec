package io.berth.api;

/** Text from elsewhere, for a log or a terminal: one line without anything that somebody who shows it would act upon. */
public final class PrintableText {
    private PrintableText() {
    }

    /**
     * The text with {@code \\uXXXX} in the place of each control and formatting character, separator of lines or paragraphs, and half
     * of a surrogate pair.
     */
    public static String of(String text) {
        StringBuilder safe = null;
        for (int i = 0; i < text.length();) {
            int c = text.codePointAt(i);
            boolean acts = acts(c);
            if (acts && safe == null) {
                safe = new StringBuilder(text.length() + 16).append(text, 0, i);
            }
            if (acts) {
                safe.append(String.format("\\u%04x", c));
            } else if (safe != null) {
                safe.appendCodePoint(c);
            }
            i += Character.charCount(c);
        }
        return safe == null ? text : safe.toString();
    }

    private static boolean acts(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL, Character.FORMAT, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR, Character.SURROGATE -> true;
            default -> false;
        };
    }
}
