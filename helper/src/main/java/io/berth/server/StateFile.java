package io.berth.server;

import java.io.IOException;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What would outlive this process and the next helper must undo if this one is killed. An entry is added before the thing
 * is done and removed after it is undone; so one that is read later may be of a thing that never was, and whoever undoes
 * it must look first. The file is replaced as a whole by rename(2), mode 0600, and there is none while there are no entries.
 * Thread-safe.
 */
public final class StateFile {
    /** In the directory of a helper. */
    public static final String NAME = "state";
    private static final String NEW = NAME + ".new";

    /**
     * One thing to undo.
     *
     * @param kind   what it is, for whoever undoes it
     * @param fields what must be known for that; any text
     */
    public record Entry(String kind, List<String> fields) {
        public Entry(String kind, String... fields) {
            this(kind, List.of(fields));
        }
    }

    private final Path directory;
    private final List<Entry> entries = new ArrayList<>();
    private int records;

    /** @param directory private to this helper; nothing is written yet */
    public StateFile(Path directory) {
        this.directory = directory;
    }

    /** Where somebody may make a file with what an entry cannot say yet; {@link #delete} takes it with it. */
    public synchronized Path nextRecord() {
        records++;
        return directory.resolve(NAME + "." + records);
    }

    /** @throws IOException when it cannot be written; the entry is not kept then */
    public synchronized void add(Entry entry) throws IOException {
        entries.add(entry);
        try {
            write();
        } catch (IOException failure) {
            entries.remove(entry);
            throw failure;
        }
    }

    /** Does nothing for an entry that is not there. @throws IOException when it cannot be written */
    public synchronized void remove(Entry entry) throws IOException {
        if (entries.remove(entry)) {
            write();
        }
    }

    private void write() throws IOException {
        if (entries.isEmpty()) {
            Files.deleteIfExists(directory.resolve(NAME));
            return;
        }
        String text = entries.stream().map(StateFile::line).collect(Collectors.joining());
        Path written = directory.resolve(NEW);
        try (FileChannel channel = FileChannel.open(written, Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE,
                StandardOpenOption.TRUNCATE_EXISTING, LinkOption.NOFOLLOW_LINKS),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
            ByteBuffer bytes = StandardCharsets.US_ASCII.encode(text);
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        }
        Files.move(written, directory.resolve(NAME), StandardCopyOption.ATOMIC_MOVE);
    }

    /** Words between tabs, each in the form of URLEncoder, so that no text can end a word or a line. */
    private static String line(Entry entry) {
        StringBuilder line = new StringBuilder(encode(entry.kind()));
        entry.fields().forEach(field -> line.append('\t').append(encode(field)));
        return line.append('\n').toString();
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    /**
     * The entries in the directory of a helper that is gone, in the order in which they were added.
     *
     * @throws IOException when there is a file that cannot be read or that no helper wrote
     */
    public static List<Entry> read(Path directory) throws IOException {
        Path file = directory.resolve(NAME);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
            ByteBuffer bytes = ByteBuffer.allocate((int) channel.size());
            while (bytes.hasRemaining() && channel.read(bytes) >= 0) {
                continue;
            }
            List<Entry> found = new ArrayList<>();
            for (String line : StandardCharsets.US_ASCII.decode(bytes.flip()).toString().lines().toList()) {
                List<String> words = Arrays.stream(line.split("\t", -1))
                        .map(word -> URLDecoder.decode(word, StandardCharsets.UTF_8)).toList();
                found.add(new Entry(words.get(0), words.subList(1, words.size())));
            }
            return found;
        } catch (NoSuchFileException none) {
            return List.of();
        } catch (IllegalArgumentException malformed) {
            throw new IOException(file + " is not of a helper: " + malformed.getMessage());
        }
    }

    /** Removes the file, what a helper that was killed while writing left of it, and the records. */
    public static void delete(Path directory) throws IOException {
        Files.deleteIfExists(directory.resolve(NEW));
        try (DirectoryStream<Path> records = Files.newDirectoryStream(directory, NAME + ".[0-9]*")) {
            for (Path record : records) {
                Files.delete(record);
            }
        }
        Files.deleteIfExists(directory.resolve(NAME));
    }
}
