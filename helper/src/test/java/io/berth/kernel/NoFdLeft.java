package io.berth.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Fails a test that leaves sockets, pipes, event fds, pidfds or pollers open. Files are not counted: the JVM opens some itself. */
public final class NoFdLeft implements BeforeEachCallback, AfterEachCallback {
    private SortedMap<Integer, String> before;

    @Override
    public void beforeEach(ExtensionContext context) throws IOException {
        before = open();
    }

    @Override
    public void afterEach(ExtensionContext context) throws IOException {
        assertEquals(before, open(), "open file descriptors before and after");
    }

    /** @return what each such fd of this process is */
    public static SortedMap<Integer, String> open() throws IOException {
        SortedMap<Integer, String> open = new TreeMap<>();
        List<Path> entries = new ArrayList<>();
        try (DirectoryStream<Path> directory = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            directory.forEach(entries::add);
        }
        for (Path entry : entries) {
            try {
                String target = Files.readSymbolicLink(entry).toString();
                if (!target.startsWith("/")) {
                    open.put(Integer.parseInt(entry.getFileName().toString()), target);
                }
            } catch (NoSuchFileException gone) {
                continue; // the directory stream's own
            }
        }
        return open;
    }
}
