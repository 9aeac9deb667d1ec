package io.berth.cli;

import io.berth.cli.Console.Style;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Rows in aligned columns, two blanks apart. On a terminal the widest columns give way until a row fits, and what is
 * cut ends in an ellipsis; elsewhere nothing is ever cut.
 */
final class Table {
    private static final int GAP = 2;
    /** No column is cut below this. */
    private static final int NARROWEST = 8;

    private record Row(Style style, String[] cells) {
    }

    private final boolean[] right;
    private final List<Row> rows = new ArrayList<>();

    /** @param headings one per column; one that begins with {@code >} heads a column of numbers, flush right */
    Table(String... headings) {
        right = new boolean[headings.length];
        String[] texts = headings.clone();
        for (int i = 0; i < texts.length; i++) {
            right[i] = texts[i].startsWith(">");
            texts[i] = right[i] ? texts[i].substring(1) : texts[i];
        }
        add(Style.BOLD, texts);
    }

    void add(Style style, String... cells) {
        rows.add(new Row(style, Arrays.stream(cells).map(Console::printable).toArray(String[]::new)));
    }

    void print(Console console) {
        int[] widths = new int[right.length];
        for (Row row : rows) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], width(row.cells[i]));
            }
        }
        if (console.columns() > 0) {
            shrink(widths, console.columns());
        }
        for (Row row : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < widths.length; i++) {
                String cell = cut(row.cells[i], widths[i]);
                String padding = " ".repeat(widths[i] - width(cell));
                line.append(right[i] ? padding + cell : cell + padding).append(" ".repeat(GAP));
            }
            console.line(console.styled(row.style, line.toString().stripTrailing()));
        }
    }

    private static void shrink(int[] widths, int available) {
        int excess = Arrays.stream(widths).sum() + GAP * (widths.length - 1) - available;
        while (excess > 0) {
            int widest = 0;
            for (int i = 1; i < widths.length; i++) {
                widest = widths[i] > widths[widest] ? i : widest;
            }
            if (widths[widest] <= NARROWEST) {
                return;
            }
            widths[widest]--;
            excess--;
        }
    }

    private static String cut(String text, int width) {
        return width(text) <= width ? text : text.substring(0, text.offsetByCodePoints(0, width - 1)) + "…";
    }

    private static int width(String text) {
        return text.codePointCount(0, text.length());
    }
}
