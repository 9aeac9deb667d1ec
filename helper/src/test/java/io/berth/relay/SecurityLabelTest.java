package io.berth.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SecurityLabelTest {
    @ParameterizedTest
    @CsvSource({"'', false", "unconfined, false", "unconfined (complain), false", "/usr/bin/app (enforce), true", "unconfinedapp, true",
        "unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023, false", "unconfined_u:unconfined_r:sandbox_t:s0, true", "snap.foo.bar, true"})
    void label_ofAProcess_isConfinedUnlessItsModuleSaysOtherwise(String label, boolean confined) {
        assertEquals(confined, SecurityLabel.isConfined(SecurityLabel.text((label + "\0").getBytes(StandardCharsets.ISO_8859_1))));
    }
}
