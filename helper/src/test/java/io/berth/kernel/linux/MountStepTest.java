package io.berth.kernel.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.kernel.MountException;
import io.berth.kernel.MountException.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The words for what berth-mount could not do. */
class MountStepTest {
    @Test
    void steps_areThoseOfTheProgramInItsOrder() throws IOException {
        Matcher steps = Pattern.compile("enum step \\{([^}]*)}").matcher(Files.readString(Path.of("src/main/c/berth-mount.c")));
        assertTrue(steps.find());
        assertEquals(Arrays.stream(MountStep.values()).map(MountStep::name).toList(),
                Arrays.stream(steps.group(1).replace("DONE = 0", "DONE").split(",")).map(String::strip).toList());
    }

    @ParameterizedTest
    @CsvSource({"CLONE, open_tree (Linux 5.2)", "SET_PRIVATE, mount_setattr (Linux 5.12)", "ATTACH, move_mount (Linux 5.2)",
        "DIRECTORY, openat2 (Linux 5.6)", "TARGET, openat2 (Linux 5.6)", "'HIDE', 'fsopen, fsconfig and fsmount (Linux 5.2)'",
        "OWNER, NS_GET_USERNS (Linux 4.9)"})
    void kernelWithoutTheCall_isNotSupportedAndNamed(MountStep step, String call) {
        MountException failure = step.failure("/run/bus", Libc.ENOSYS, "Function not implemented");
        assertEquals(Kind.NOT_SUPPORTED, failure.kind());
        assertEquals("this kernel has no " + call, failure.getMessage());
    }

    @Test
    void everyFailure_hasWordsThatNameTheTargetOrTheNamespace() {
        for (MountStep step : MountStep.values()) {
            for (int errno : new int[] {Libc.EPERM, Libc.ENOENT, Libc.EBUSY, Libc.ELOOP, Libc.EINVAL}) {
                String text = step.failure("/run/bus", errno, "reason").getMessage();
                assertTrue(text.contains("/run/bus") || text.contains("namespace") || text.contains("socket"), step + ": " + text);
            }
        }
    }
}
