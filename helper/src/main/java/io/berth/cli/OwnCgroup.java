package io.berth.cli;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes a cgroup of version 2 below the one that this process is in, where it may. Nobody removes such a cgroup when it gets
 * empty; so each time one is made, those of earlier runs that are empty by now are removed.
 */
final class OwnCgroup {
    private static final String PREFIX = "berth-run-";

    private OwnCgroup() {
    }

    /**
     * @return the cgroup, absolute
     * @throws IOException why there is none
     */
    static String enter(Process process) throws IOException {
        Path here = current();
        removeEmpty(here);
        for (int number = 0; ; number++) {
            Path made = here.resolve(PREFIX + process.pid() + "-" + number);
            try {
                Files.createDirectory(made);
            } catch (FileAlreadyExistsException older) {
                continue; // of a process that had this number, with others that still run
            } catch (IOException refused) {
                throw new IOException("no cgroup can be made in " + here + ": " + reason(refused));
            }
            try {
                Files.writeString(made.resolve("cgroup.procs"), Long.toString(process.pid()));
                return made.toString();
            } catch (NoSuchFileException removed) {
                continue; // by another run, because it was still empty
            } catch (IOException refused) {
                remove(made);
                throw new IOException("a process cannot be moved into " + made + ": " + reason(refused));
            }
        }
    }

    private static String reason(IOException refused) {
        return refused instanceof AccessDeniedException ? "permission denied" : refused.getMessage();
    }

    /** Where this process is, seen through the first mount of version 2 (cgroups(7)). */
    private static Path current() throws IOException {
        String below = "";
        for (String line : Files.readAllLines(Path.of("/proc/self/cgroup"))) {
            below = line.startsWith("0::/") ? line.substring(4) : below;
        }
        for (String line : Files.readAllLines(Path.of("/proc/self/mounts"))) {
            String[] fields = line.split(" ");
            if (fields[2].equals("cgroup2") && !below.startsWith("..")) {
                return Path.of(fields[1]).resolve(below);
            }
        }
        throw new IOException("no cgroup hierarchy of version 2 is mounted that has the cgroup of this process");
    }

    /** rmdir(2) refuses those that have processes. */
    private static void removeEmpty(Path directory) throws IOException {
        List<Path> all = new ArrayList<>();
        try (DirectoryStream<Path> older = Files.newDirectoryStream(directory, PREFIX + "*")) {
            older.forEach(all::add);
        }
        all.forEach(OwnCgroup::remove);
    }

    /** Does nothing while it is in use. */
    static void remove(Path cgroup) {
        try {
            Files.deleteIfExists(cgroup);
        } catch (IOException inUse) {
            // somebody's app still runs there
        }
    }
}
