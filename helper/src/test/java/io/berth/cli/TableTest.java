package io.berth.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.berth.cli.Console.Style;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TableTest {
    private static String print(Table table, Map<String, String> environment) {
        StringWriter out = new StringWriter();
        table.print(new Console(new PrintWriter(out), new PrintWriter(out), environment));
        return out.toString();
    }

    private static Table example() {
        Table table = new Table("ID", "APP", ">N");
        table.add(Style.PLAIN, "1", "org.example.LongApplication", "5");
        table.add(Style.RED, "22", "x", "123");
        return table;
    }

    @Test
    void print_toPipe_alignsAndNeverCutsOrColours() {
        assertEquals("""
                ID  APP                            N
                1   org.example.LongApplication    5
                22  x                            123
                """, print(example(), Map.of()));
    }

    @Test
    void print_narrowTerminal_cutsTheWidestColumn() {
        assertEquals("""
                ID  APP            N
                1   org.exampl…    5
                22  x            123
                """, print(example(), Map.of("BERTH_TERMINAL_COLUMNS", "20", "NO_COLOR", "1")));
    }

    @Test
    void print_colourTerminal_coloursRows_unlessToldNot() {
        Table table = new Table("A");
        table.add(Style.RED, "x");
        assertEquals("\u001b[1mA\u001b[0m\n\u001b[31mx\u001b[0m\n", print(table, Map.of("BERTH_TERMINAL_COLUMNS", "80", "TERM", "xterm")));
        assertEquals("A\nx\n", print(table, Map.of("BERTH_TERMINAL_COLUMNS", "80", "TERM", "xterm", "NO_COLOR", "1")));
        assertEquals("A\nx\n", print(table, Map.of("BERTH_TERMINAL_COLUMNS", "80", "TERM", "dumb")));
        assertEquals("A\nx\n", print(table, Map.of("TERM", "xterm")));
    }

    @Test
    void print_textFromElsewhere_cannotDriveTheTerminal() {
        Table table = new Table("A");
        table.add(Style.PLAIN, "a\u001b]0;title\u0007\u202eb\uD83D\uDE00");
        assertEquals("A\na\\u001b]0;title\\u0007\\u202eb\uD83D\uDE00\n", print(table, Map.of()));
    }
}
