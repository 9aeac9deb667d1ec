package io.berth.main;

import java.net.URISyntaxException;
import java.nio.file.Path;

/** Where what is not Java has been installed: berth-mount and libberth-mount.so. */
public final class NativeFiles {
    /** Names the directory when it is not where the build puts it. */
    public static final String PROPERTY = "berth.native.directory";

    private NativeFiles() {
    }

    /** Beside the jar, or beside the directory of classes. */
    public static Path directory() {
        String given = System.getProperty(PROPERTY, "");
        if (!given.isEmpty()) {
            return Path.of(given);
        }
        try {
            return Path.of(NativeFiles.class.getProtectionDomain().getCodeSource().getLocation().toURI()).getParent();
        } catch (URISyntaxException odd) {
            throw new IllegalStateException("where is the helper installed? Say it with -D" + PROPERTY + "=DIRECTORY", odd);
        }
    }
}
