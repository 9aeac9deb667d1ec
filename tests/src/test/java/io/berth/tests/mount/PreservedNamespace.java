package io.berth.tests.mount;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A mount namespace of root that a file keeps and in which there is no process, as snapd has them; its /mnt is a tmpfs. */
final class PreservedNamespace implements AutoCloseable {
    private final Path directory;
    private final Path file;

    PreservedNamespace(Path parent) throws IOException, InterruptedException {
        directory = Files.createTempDirectory(parent, "ns");
        file = Files.createFile(directory.resolve("app.mnt"));
        host("mount --bind " + directory + " " + directory + " && mount --make-private " + directory + " && chmod 755 " + directory
                + " && unshare --mount=" + file + " mount -t tmpfs x /mnt");
    }

    Path file() {
        return file;
    }

    /** @return what the command printed inside */
    String run(String command) throws IOException, InterruptedException {
        return host("nsenter --mount=" + file + " sh -c '" + command + "'");
    }

    private static String host(String command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder("/bin/sh", "-c", command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes()).strip();
        if (process.waitFor() != 0) {
            throw new IllegalStateException(command + ": " + said);
        }
        return said;
    }

    @Override
    public void close() throws IOException, InterruptedException {
        host("umount " + file + " && umount -l " + directory);
    }
}
