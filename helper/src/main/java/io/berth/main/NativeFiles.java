package io.berth.main;

import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where what is not Java has been installed: berth-mount, libberth-mount.so, and jffi's library below {@code jni}. */
public final class NativeFiles {
    /** Where jffi looks for its library before it unpacks one (com.kenai.jffi.internal.StubLoader). */
    private static final String JFFI = "jffi.boot.library.path";


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

    /**
     * Lets jffi load the library that the build has unpacked, where there is one. Otherwise each process unpacks its own into the
     * directory for temporary files, which takes time and fails where that is mounted noexec. To be called before any native call.
     */
    public static void useShippedJffi() {
        String processor = System.getProperty("os.arch").equals("amd64") ? "x86_64" : System.getProperty("os.arch");
        Path shipped = directory().resolve("jni").resolve(processor + "-Linux");
        if (System.getProperty(JFFI) == null && Files.isDirectory(shipped)) {
            System.setProperty(JFFI, shipped.toString());
        }
    }
}
