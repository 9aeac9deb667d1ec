package io.berth.cli;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Time spans as systemd.time(7) writes them: {@code 90s}, {@code 10m}, {@code 1h 30min}; a number without unit is seconds. */
final class TimeSpan {
    private static final Pattern PART = Pattern.compile("\\s*([0-9]{1,15}(?:\\.[0-9]{1,9})?)\\s*([A-Za-z\u00b5\u03bc]*)\\s*");
    /** Microseconds of each unit, longest first; months and years as there, 30.44 and 365.25 days. */
    private static final Map<String, Long> UNITS = new LinkedHashMap<>();

    static {
        unit(31_557_600_000_000L, "y", "year", "years");
        unit(2_629_800_000_000L, "M", "month", "months");
        unit(604_800_000_000L, "w", "week", "weeks");
        unit(86_400_000_000L, "d", "day", "days");
        unit(3_600_000_000L, "h", "hr", "hour", "hours");
        unit(60_000_000L, "m", "min", "minute", "minutes");
        unit(1_000_000L, "", "s", "sec", "second", "seconds");
        unit(1_000L, "ms", "msec");
        unit(1L, "us", "usec", "\u00b5s", "\u03bcs");
    }

    private TimeSpan() {
    }

    private static void unit(long us, String... names) {
        for (String name : names) {
            UNITS.put(name, us);
        }
    }

    /** @throws IllegalArgumentException naming the text and what was expected */
    static Duration parse(String text) {
        Matcher part = PART.matcher(text);
        BigDecimal us = BigDecimal.ZERO;
        int end = 0;
        while (end < text.length() && part.find(end) && part.start() == end && UNITS.containsKey(part.group(2))) {
            us = us.add(new BigDecimal(part.group(1)).multiply(BigDecimal.valueOf(UNITS.get(part.group(2)))));
            end = part.end();
        }
        boolean tooLong = us.compareTo(BigDecimal.valueOf(Long.MAX_VALUE / 1000)) > 0;
        if (end < text.length() || text.isBlank() || us.compareTo(BigDecimal.ONE) < 0 || tooLong) {
            throw new IllegalArgumentException("'" + Console.printable(text) + "' is no time span, expected such as 90s, 10m, 2h, 1d or \"1h 30min\"");
        }
        return Duration.ofNanos(us.longValue() * 1000);
    }

    /** The span to the second, in words that {@link #parse} reads: {@code 1h 30m}. What is less than a second is {@code 0s}. */
    static String print(Duration span) {
        List<String> parts = new ArrayList<>();
        long left = Math.max(0, span.toSeconds());
        for (String name : List.of("y", "w", "d", "h", "m", "s")) {
            long seconds = UNITS.get(name) / 1_000_000;
            if (left >= seconds) {
                parts.add(left / seconds + name);
                left %= seconds;
            }
        }
        return parts.isEmpty() ? "0s" : String.join(" ", parts.subList(0, Math.min(2, parts.size())));
    }
}
