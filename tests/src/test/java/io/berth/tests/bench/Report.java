package io.berth.tests.bench;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import io.berth.tests.bench.Figure.Aim;
import io.berth.tests.bench.Figure.Statistic;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;

/** The results for people, as an aligned table, and for machines, as JSON with every sample. */
final class Report {
    private final Results results;
    private final Map<String, String> circumstances;

    /** @param circumstances what else a reader must know: machine, versions, rounds */
    Report(Results results, Map<String, String> circumstances) {
        this.results = results;
        this.circumstances = circumstances;
    }

    void print(PrintStream out) {
        List<String[]> rows = new ArrayList<>();
        rows.add(new String[] {"", "", Contender.BARE_BUS.label(), Contender.XDG_DBUS_PROXY.label(), Contender.BERTH.label(), "Berth : proxy"});
        for (Figure figure : results.figures()) {
            List<String> cells = new ArrayList<>(List.of(figure.name(), figure.unit()));
            for (Contender contender : Contender.values()) {
                cells.add(cell(figure, contender));
            }
            cells.add(ratio(figure));
            rows.add(cells.toArray(new String[0]));
        }
        circumstances.forEach((name, value) -> out.println(name + ": " + value));
        out.println();
        printAligned(rows, out);
        out.println();
        out.println("Medians, with the least and the most of all samples; p99 where it says so. CPU is the mediator's own.");
    }

    private String cell(Figure figure, Contender contender) {
        OptionalDouble value = results.value(figure, contender);
        if (value.isEmpty()) {
            return "-";
        }
        String text = number(value.getAsDouble());
        return figure.statistic() != Statistic.MEDIAN ? text : text + " (" + number(results.least(figure, contender).orElseThrow())
                + "–" + number(results.most(figure, contender).orElseThrow()) + ")";
    }

    private String ratio(Figure figure) {
        OptionalDouble ratio = results.ratio(figure);
        if (ratio.isEmpty()) {
            return "-";
        }
        boolean better = figure.aim() == Aim.MORE ? ratio.getAsDouble() > 1 : ratio.getAsDouble() < 1;
        return String.format(Locale.ROOT, "%.2f %s", ratio.getAsDouble(), better ? "better" : "worse");
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, value >= 100 ? "%,.0f" : value >= 10 ? "%.1f" : "%.2f", value);
    }

    private static void printAligned(List<String[]> rows, PrintStream out) {
        int[] widths = new int[rows.get(0).length];
        for (String[] row : rows) {
            for (int i = 0; i < row.length; i++) {
                widths[i] = Math.max(widths[i], row[i].length());
            }
        }
        for (String[] row : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < row.length; i++) {
                String padding = " ".repeat(widths[i] - row[i].length());
                line.append(i < 2 ? row[i] + padding : padding + row[i]).append("  ");
            }
            out.println(line.toString().stripTrailing());
        }
    }

    void writeJson(Path file) throws IOException {
        try (JsonGenerator json = new JsonFactory().createGenerator(Files.newOutputStream(file))) {
            json.setPrettyPrinter(new DefaultPrettyPrinter());
            json.writeStartObject();
            for (Map.Entry<String, String> entry : circumstances.entrySet()) {
                json.writeStringField(entry.getKey(), entry.getValue());
            }
            json.writeArrayFieldStart("figures");
            for (Figure figure : results.figures()) {
                write(json, figure);
            }
            json.writeEndArray();
            json.writeEndObject();
        }
    }

    private void write(JsonGenerator json, Figure figure) throws IOException {
        json.writeStartObject();
        json.writeStringField("name", figure.name());
        json.writeStringField("unit", figure.unit());
        json.writeStringField("better", figure.aim() == Aim.MORE ? "more" : "less");
        json.writeStringField("statistic", figure.statistic() == Statistic.MEDIAN ? "median" : "p99");
        for (Contender contender : Contender.values()) {
            if (results.samples(figure, contender).isEmpty()) {
                continue;
            }
            json.writeObjectFieldStart(contender.label());
            json.writeNumberField("value", results.value(figure, contender).orElseThrow());
            json.writeNumberField("least", results.least(figure, contender).orElseThrow());
            json.writeNumberField("most", results.most(figure, contender).orElseThrow());
            json.writeArrayFieldStart("samples");
            for (double sample : results.samples(figure, contender)) {
                json.writeNumber(sample);
            }
            json.writeEndArray();
            json.writeEndObject();
        }
        if (results.ratio(figure).isPresent()) {
            json.writeNumberField("berthOverProxy", results.ratio(figure).getAsDouble());
        }
        json.writeEndObject();
    }
}
