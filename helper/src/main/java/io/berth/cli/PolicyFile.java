package io.berth.cli;

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
        try {
            return work.run(text(file));
        } catch (PolicySyntaxException syntax) {
            console.error(file + ":" + syntax.line() + ":" + syntax.column() + ": found " + syntax.found() + ", expected " + syntax.expected());
        } catch (CharacterCodingException malformed) {
            console.error(file + ": the text is not UTF-8");
        } catch (NoSuchFileException missing) {
            console.error(file + ": no such file");
        } catch (IOException failed) {
            console.error(file + ": cannot be read: " + failed.getMessage());
        }
        return ExitStatus.FAILURE;
    }

    private static String text(String file) throws IOException {
        byte[] bytes = file.equals("-") ? System.in.readAllBytes() : Files.readAllBytes(Path.of(file));
        return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    }
}
