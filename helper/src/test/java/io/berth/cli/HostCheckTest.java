package io.berth.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.api.Test;

/** What the doctor says of kernels of other times. */
class HostCheckTest {
    private static Finding kernel(String release) {
        HostCheck check = new HostCheck(Map.of());
        check.checkKernel(release);
        return check.findings().get(0);
    }

    @Test
    void kernel_withoutCalls_isNamedWithThem() {
        assertEquals(Finding.Verdict.OK, kernel("6.18.44").verdict());
        assertEquals(Finding.Verdict.OK, kernel("7.0-rc1").verdict());
        Finding debian12 = kernel("6.1.0-32-amd64");
        assertEquals(Finding.Verdict.BAD, debian12.verdict());
        assertTrue(debian12.text().contains("SO_PEERPIDFD (Linux 6.5)") && !debian12.text().contains("openat2"), debian12.text());
        Finding upstart = kernel("3.13.0-24-generic");
        for (String call : new String[] {"pidfd_open (Linux 5.3)", "openat2 (Linux 5.6)", "mount_setattr (Linux 5.12)"}) {
            assertTrue(upstart.text().contains(call), upstart.text());
        }
        assertEquals(Finding.Verdict.NOTE, kernel("unknown").verdict());
    }
}
