package io.berth.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/**
 * Runs bubblewrap once with a command that does nothing. bubblewrap says "exit status 1" for its own failures too, so
 * this tells them from the app's.
 */
final class Preflight {
    private Preflight() {
    }

    /** @throws IOException with bubblewrap's words when it cannot make the sandbox */
    static void check(Bubblewrap bubblewrap, AppSocket session, Optional<AppSocket> system) throws IOException, InterruptedException {
        Process trial = new ProcessBuilder(bubblewrap.commandLine(session, system, List.of("/bin/true"))).redirectErrorStream(true).start();
        trial.getOutputStream().close();
        String words = new String(trial.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        if (trial.waitFor() != 0) {
            throw new IOException("bubblewrap cannot run apps here: " + words + " (--env-only does without it)");
        }
    }
}
