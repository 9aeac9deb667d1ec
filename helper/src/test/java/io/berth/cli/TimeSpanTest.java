package io.berth.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TimeSpanTest {
    @ParameterizedTest
    @CsvSource({"90s,90000000", "10m,600000000", "2h,7200000000", "1d,86400000000", "1w,604800000000", "1h 30min,5400000000", "1h30min,5400000000",
        "5,5000000", "1.5s,1500000", "250ms,250000", "20us,20", "20\u00b5s,20", "2 hours 3 seconds,7203000000", "1M,2629800000000",
        "1y,31557600000000", " 7 s ,7000000", "0h 1s,1000000"})
    void parse_whatSystemdWrites_isRead(String text, long us) {
        assertEquals(Duration.ofNanos(us * 1000), TimeSpan.parse(text));
    }

    /** What `systemd-analyze timespan` refuses too, and what is no time or for ever. */
    @ParameterizedTest
    @ValueSource(strings = {"", " ", "m", "10x", "10 m x", "-10m", "10m-", "ten", "1,5s", "0", "0s", "infinity", "1e3s", "s10", "999999999999999y", "10S"})
    void parse_anythingElse_isRefusedByName(String text) {
        IllegalArgumentException refusal = assertThrows(IllegalArgumentException.class, () -> TimeSpan.parse(text));
        assertTrue(refusal.getMessage().startsWith("'" + text + "' is no time span, expected such as 90s"), refusal.getMessage());
    }

    @ParameterizedTest
    @CsvSource({"5400,1h 30m", "3599,59m 59s", "1,1s", "90061,1d 1h", "86400,1d", "31557600,1y", "-5,0s", "0,0s"})
    void print_secondsLeft_inTwoParts(long seconds, String text) {
        assertEquals(text, TimeSpan.print(Duration.ofSeconds(seconds)));
    }

    @Test
    void print_whatIsRead_readsBack() {
        for (String text : new String[] {"1h 30m", "59m 59s", "6d 23h", "1y 51w"}) {
            assertEquals(text, TimeSpan.print(TimeSpan.parse(text)));
        }
    }
}
