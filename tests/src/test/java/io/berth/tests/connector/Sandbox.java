package io.berth.tests.connector;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The bubblewrap command line with which flatpak runs its proxy: a root of its own that says whose it is. Stateless. */
final class Sandbox {
    private Sandbox() {
    }

    /** @param directory takes the file that becomes {@code /.flatpak-info} */
    static List<String> flatpak(Path directory, String appId, String instance) {
        List<String> line = new ArrayList<>(List.of("bwrap"));
        try (Stream<Path> top = Files.list(Path.of("/"))) {
            for (Path entry : top.sorted().toList()) {
                if (Files.isSymbolicLink(entry)) {
                    line.addAll(List.of("--symlink", Files.readSymbolicLink(entry).toString(), entry.toString()));
                } else if (Files.isDirectory(entry) && !List.of("/proc", "/dev").contains(entry.toString())) {
                    line.addAll(List.of("--bind", entry.toString(), entry.toString()));
                }
            }
            Path info = Files.writeString(directory.resolve("flatpak-info"), """
                    [Application]
                    name=%s
                    runtime=runtime/org.example.Platform/x86_64/1

                    [Instance]
                    instance-id=%s
                    """.formatted(appId, instance));
            line.addAll(List.of("--proc", "/proc", "--dev", "/dev", "--ro-bind", info.toString(), "/.flatpak-info", "--"));
            return line;
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
