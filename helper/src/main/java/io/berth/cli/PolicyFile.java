package io.berth.cli;

import io.berth.api.AppId;
import io.berth.policy.apparmor.ParsedPolicy;
import io.berth.policy.apparmor.PolicySyntaxException;
import io.berth.policy.apparmor.PolicyText;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.function.Consumer;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The file with a policy that the commands about policies read, and what they say when it cannot be used. */
final class PolicyFile {
    /** What is done with the text; its exit status is the command's. */
    interface Work {
        int run(String text);
    }

    @Parameters(paramLabel = "FILE", description = "The policy; - for standard input.")
    private String file;

    @Option(names = "--profile", paramLabel = "NAME", description = "What @{profile_name} stands for (default: ${DEFAULT-VALUE}).")
    private String profile = "berth";

    boolean isStandardInput() {
        return file.equals("-");
    }

    /** How messages call it. */
    String name() {
        return Console.printable(file);
    }

    /** @throws PolicySyntaxException when the text is no policy */
    ParsedPolicy parse(String text) {
        return PolicyText.parse(text, profile);
    }

    /**
     * Reads the file and does the work; says so when it cannot be read, and FILE:LINE:COLUMN and why when the work meets a
     * {@link PolicySyntaxException}.
     */
    int read(Console console, Work work) {
        return read(file, console, work);
    }

    /** The same with a file that another option has named. */
    static int read(String file, Console console, Work work) {
        return read(file, console::error, work);
    }

    private static int read(String file, Consumer<String> errors, Work work) {
        try {
            return work.run(text(file));
        } catch (PolicySyntaxException syntax) {
            errors.accept(file + ":" + syntax.line() + ":" + syntax.column() + ": found " + syntax.found() + ", expected " + syntax.expected());
        } catch (CharacterCodingException malformed) {
            errors.accept(file + ": the text is not UTF-8");
        } catch (NoSuchFileException missing) {
            errors.accept(file + ": no such file");
        } catch (IOException failed) {
            errors.accept(file + ": cannot be read: " + failed.getMessage());
        }
        return ExitStatus.FAILURE;
    }

    /**
     * The text of a policy that an option names, for a server of this app.
     *
     * @throws FailureException saying FILE:LINE:COLUMN and why it cannot be used
     */
    static String load(String file, AppId app) {
        StringBuilder loaded = new StringBuilder();
        StringBuilder errors = new StringBuilder();
        int status = read(file, errors::append, text -> {
            PolicyText.parse(text, app.label());
            loaded.append(text);
            return ExitStatus.OK;
        });
        if (status != ExitStatus.OK) {
            throw new FailureException(errors.toString());
        }
        return loaded.toString();
    }

    private static String text(String file) throws IOException {
        byte[] bytes = file.equals("-") ? System.in.readAllBytes() : Files.readAllBytes(Path.of(file));
        return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    }
}
