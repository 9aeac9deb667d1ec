package io.berth.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What the kernel lets us do, as berth-probe (a C program of the same build) finds by trying: it asks for nothing that stays.
 * Release numbers say too little, because distributions carry calls back and containers forbid them.
 */
final class KernelCheck {
    /** By the names that the program prints. */
    private enum Ability {
        PIDFD_OPEN("pidfd_open", "5.3", "servers cannot watch processes, BindMount takes no Pid"),
        OPENAT2("openat2", "5.6", "no mounting"),
        MOUNT_ID("statx_mount_id", "5.8", "no mounting"),
        OWNER("NS_GET_USERNS", "4.9", "no mounting by an ordinary user's helper"),
        OPEN_TREE("open_tree", "5.2", "no mounting"),
        MOUNT_SETATTR("mount_setattr", "5.12", "no mounting"),
        FSMOUNT("fsmount", "5.2", "no HideDirectory when mounting"),
        MOVE_MOUNT("move_mount", "5.2", "no mounting");

        private final String word;
        private final String since;
        private final String without;

        Ability(String word, String since, String without) {
            this.word = word;
            this.since = since;
            this.without = without;
        }

        boolean isForMounting() {
            return this == OPEN_TREE || this == MOUNT_SETATTR || this == FSMOUNT || this == MOVE_MOUNT;
        }
    }

    private static final String PEER_PIDFD = "SO_PEERPIDFD";
    private static final String USER_NAMESPACES = "user_namespaces";
    private static final String WORKS = "0";

    private final Path program;
    private final String release;
    /** Error number and text by the name of the ability. */
    private final Map<String, String[]> outcomes = new HashMap<>();

    /** @param directory where berth-probe is */
    KernelCheck(Path directory) {
        program = directory.resolve("berth-probe");
        release = System.getProperty("os.version");
    }

    /** What there is to say of the kernel and of user namespaces. */
    List<Finding> run() {
        try {
            probe();
        } catch (IOException failure) {
            return List.of(Finding.bad("kernel", "what it can do is not known: " + program + ": " + failure.getMessage()));
        }
        return List.of(kernel(), peers(), userNamespaces());
    }

    private void probe() throws IOException {
        ProcessBuilder builder = new ProcessBuilder(program.toString()).redirectError(ProcessBuilder.Redirect.DISCARD);
        builder.environment().clear();
        Process process = builder.start();
        process.getOutputStream().close();
        try (var lines = process.inputReader()) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                String[] words = line.split(" ", 3);
                outcomes.put(words[0], new String[] {words[1], words[2]});
            }
        }
    }

    private boolean works(String ability) {
        return outcomes.containsKey(ability) && outcomes.get(ability)[0].equals(WORKS);
    }

    private String reason(String ability) {
        return outcomes.containsKey(ability) ? outcomes.get(ability)[1] : "not tried";
    }

    private Finding kernel() {
        List<String> missing = new ArrayList<>();
        for (Ability ability : Ability.values()) {
            // to try those one needs a namespace of one's own; that there can be none is told by itself
            boolean untried = ability.isForMounting() && !works(USER_NAMESPACES) && reason(ability.word).equals("Operation not permitted");
            if (!works(ability.word) && !untried) {
                missing.add(ability.word + " (" + reason(ability.word) + "; Linux " + ability.since + " has it): " + ability.without);
            }
        }
        return missing.isEmpty() ? Finding.ok("kernel", "Linux " + release + " does all that Berth asks of it")
                : Finding.bad("kernel", "Linux " + release + " lacks or forbids " + String.join("; ", missing));
    }

    private Finding peers() {
        return works(PEER_PIDFD) ? Finding.ok("processes", "whoever connects is known for certain (SO_PEERPIDFD)")
                : Finding.note("processes", "no SO_PEERPIDFD (" + reason(PEER_PIDFD) + "; Linux 6.5 has it): whoever connects is known by a"
                        + " process number only, which may be used again");
    }

    private Finding userNamespaces() {
        if (works(USER_NAMESPACES)) {
            return Finding.ok("user namespaces", "can be made");
        }
        String why = number("/proc/sys/user/max_user_namespaces") == 0 ? "user.max_user_namespaces is 0"
                : number("/proc/sys/kernel/unprivileged_userns_clone") == 0 ? "kernel.unprivileged_userns_clone is 0"
                : number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == 1 ? "kernel.apparmor_restrict_unprivileged_userns is 1"
                : reason(USER_NAMESPACES);
        return Finding.note("user namespaces", why + ": they cannot be made from here, so bubblewrap may not work");
    }

    /** @return -1 when there is no such setting */
    private static long number(String file) {
        try {
            return Long.parseLong(Files.readString(Path.of(file)).strip());
        } catch (IOException | NumberFormatException none) {
            return -1;
        }
    }
}
