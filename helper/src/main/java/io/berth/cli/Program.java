package io.berth.cli;

import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A command looked up as a shell does it (POSIX, "Command Search and Execution"), before anything is set up for it.
 *
 * @param path   of the program, absolute or relative as given; null unless {@code status} is 0
 * @param status 0, or what a shell returns: 126 when it cannot be executed, 127 when there is none
 * @param why    for a person; empty when {@code status} is 0
 */
record Program(Path path, int status, String why) {
    static Program find(String name, String searchPath) {
        if (name.isEmpty()) {
            return new Program(null, ExitStatus.NOT_FOUND, "the command's name is empty");
        }
        if (name.indexOf('/') >= 0) {
            return check(Path.of(name), name);
        }
        Program unusable = null;
        for (String directory : searchPath.split(":", -1)) {
            Program found = check(Path.of(directory.isEmpty() ? "." : directory, name), name);
            if (found.status == 0) {
                return found;
            }
            if (found.status == ExitStatus.NOT_EXECUTABLE && unusable == null) {
                unusable = found;
            }
        }
        return unusable != null ? unusable : new Program(null, ExitStatus.NOT_FOUND, name + ": command not found in PATH " + searchPath);
    }

    private static Program check(Path path, String name) {
        if (!Files.exists(path)) {
            return new Program(null, ExitStatus.NOT_FOUND, name + ": no such file");
        }
        if (Files.isDirectory(path)) {
            return new Program(null, ExitStatus.NOT_EXECUTABLE, path + " is a directory");
        }
        if (!Files.isExecutable(path)) {
            return new Program(null, ExitStatus.NOT_EXECUTABLE, path + " is not executable");
        }
        return new Program(path.toAbsolutePath(), 0, "");
    }
}
