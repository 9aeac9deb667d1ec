package io.berth.cli;

import io.berth.api.PrintableText;
import java.io.PrintWriter;
import java.util.Map;

/**
 * Where a command prints, and what that place can show: colours and a width when it is a terminal, neither otherwise.
 * The start script knows the terminal and says so in BERTH_TERMINAL_COLUMNS. Owns nothing: the streams are the process's.
 */
final class Console {
    enum Style {
        PLAIN(""), BOLD("1"), DIM("2"), RED("31"), GREEN("32"), YELLOW("33");

        private final String code;

        Style(String code) {
            this.code = code;
        }
    }

    private final PrintWriter out;
    private final PrintWriter err;
    private final int columns;
    private final boolean coloured;

    Console(PrintWriter out, PrintWriter err, Map<String, String> environment) {
        this.out = out;
        this.err = err;
        this.columns = columns(environment.getOrDefault("BERTH_TERMINAL_COLUMNS", ""));
        // https://no-color.org: any value that is not empty
        this.coloured = columns > 0 && environment.getOrDefault("NO_COLOR", "").isEmpty()
                && !environment.getOrDefault("TERM", "").equals("dumb");
    }

    private static int columns(String text) {
        return text.matches("[0-9]{1,4}") ? Integer.parseInt(text) : 0;
    }

    /** Width of the terminal that standard output is; 0 when it is none. */
    int columns() {
        return columns;
    }

    /** Prints and flushes, so that a reader of a pipe has each line at once. */
    void line(String text) {
        out.println(text);
        out.flush();
    }

    void error(String text) {
        err.println("berth: " + String.join("\n", text.lines().map(Console::printable).toList()));
        err.flush();
    }

    /** Whether everything printed so far has gone out; false once the reader has closed its end. */
    boolean isWritable() {
        return !out.checkError();
    }

    PrintWriter out() {
        return out;
    }

    String styled(Style style, String text) {
        return coloured && style != Style.PLAIN && !text.isEmpty() ? "\u001b[" + style.code + "m" + text + "\u001b[0m" : text;
    }

    /** Text from elsewhere as one line without anything that a terminal would act upon. */
    static String printable(String text) {
        return PrintableText.of(text);
    }
}
