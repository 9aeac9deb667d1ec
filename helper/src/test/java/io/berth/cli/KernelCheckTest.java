package io.berth.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.berth.cli.Finding.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the doctor finds by trying, here and where a call is made to fail (by strace). */
class KernelCheckTest {
    private static final Path FILES = Path.of("target").toAbsolutePath();

    @TempDir
    private Path directory;

    private List<Finding> without(String... injections) throws IOException {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/strace")), "strace makes calls fail");
        Path program = Files.writeString(directory.resolve("berth-probe"), "#!/bin/sh\nexec /usr/bin/strace -o /dev/null "
                + String.join(" ", injections) + " " + FILES.resolve("berth-probe") + "\n");
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
        return new KernelCheck(directory).run();
    }

    @Test
    void kernelOfThisMachine_isTriedAndLeftAsItWas() throws IOException {
        List<String> mounts = Files.readAllLines(Path.of("/proc/self/mountinfo"));
        List<Finding> findings = new KernelCheck(FILES).run();
        assertEquals(List.of("kernel", "processes", "user namespaces"), findings.stream().map(Finding::subject).toList());
        assertEquals(Verdict.OK, findings.get(0).verdict(), findings.get(0).text());
        assertEquals(mounts, Files.readAllLines(Path.of("/proc/self/mountinfo")));
    }

    @Test
    void callsThatAreMissing_areNamedWithWhatIsLost() throws IOException {
        Finding kernel = without("-e inject=openat2,move_mount:error=ENOSYS", "-e inject=pidfd_open:error=EPERM").get(0);
        assertEquals(Verdict.BAD, kernel.verdict());
        for (String expected : List.of("openat2 (Function not implemented; Linux 5.6 has it): no mounting", "move_mount (Function not implemented",
                "pidfd_open (Operation not permitted; Linux 5.3 has it): servers cannot watch processes")) {
            assertTrue(kernel.text().contains(expected), kernel.text());
        }
        assertFalse(kernel.text().contains("mount_setattr"), kernel.text());
    }

    @Test
    void withoutPeerPidfd_itIsANote() throws IOException {
        Finding processes = without("-e inject=getsockopt:error=ENOPROTOOPT").get(1);
        assertEquals(Verdict.NOTE, processes.verdict());
        assertTrue(processes.text().contains("no SO_PEERPIDFD (Protocol not available; Linux 6.5 has it)"), processes.text());
    }

    @Test
    void withoutNamespaces_mountingIsNotJudged() throws IOException {
        List<Finding> findings = without("-e inject=unshare,open_tree,mount_setattr,fsopen,move_mount:error=EPERM");
        assertEquals(Verdict.OK, findings.get(0).verdict(), findings.get(0).text());
        assertEquals(Verdict.NOTE, findings.get(2).verdict());
        assertTrue(findings.get(2).text().contains("they cannot be made from here"), findings.get(2).text());
    }

    @Test
    void withoutTheProgram_nothingIsKnown() {
        Finding kernel = new KernelCheck(directory).run().get(0);
        assertEquals(Verdict.BAD, kernel.verdict());
        assertTrue(kernel.text().contains("berth-probe"), kernel.text());
    }
}
