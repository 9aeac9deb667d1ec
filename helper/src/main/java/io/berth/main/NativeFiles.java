package io.berth.main;

import java.net.URISyntaxException;
import java.nio.file.Path;

/** Where the build and packages put what is not Java. Stateless. */
public final class NativeFiles {
    private NativeFiles() {
    }

    /** Beside the jar, or beside the directory of classes; {@code -Dberth.native.directory} says another place. */
    public static Path directory() {
        String given = System.getProperty("berth.native.directory", "");
        if (!given.isEmpty()) {
            return Path.of(given);
        }
        try {
            return Path.of(NativeFiles.class.getProtectionDomain().getCodeSource().getLocation().toURI()).getParent();
        } catch (URISyntaxException odd) {
            throw new IllegalStateException("where is the helper installed? Say it with -Dberth.native.directory=DIRECTORY", odd);
        }
    }
}
