package io.berth.cli;

import io.berth.main.NativeFiles;
import io.berth.transport.BusLocation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What Berth would need on this machine, and which of it is missing. Only looks. */
final class HostCheck {
    private static final Pattern RELEASE = Pattern.compile("([0-9]+)\\.([0-9]+).*");

    /** What a kernel offers, since when, and what is without it. */
    private enum KernelCall {
        PIDFD_OPEN(5, 3, "pidfd_open", "servers cannot watch processes, BindMount takes no Pid"),
        OPENAT2(5, 6, "openat2", "no mounting"),
        MOUNT_SETATTR(5, 12, "mount_setattr", "no mounting"),
        SO_PEERPIDFD(6, 5, "SO_PEERPIDFD", "the process behind a connection is known by its number only, which may be used again");

        private final int major;
        private final int minor;
        private final String call;
        private final String without;

        KernelCall(int major, int minor, String call, String without) {
            this.major = major;
            this.minor = minor;
            this.call = call;
            this.without = without;
        }

        boolean isIn(int kernelMajor, int kernelMinor) {
            return kernelMajor > major || kernelMajor == major && kernelMinor >= minor;
        }
    }

    private final Map<String, String> environment;
    private final List<Finding> findings = new ArrayList<>();

    HostCheck(Map<String, String> environment) {
        this.environment = environment;
    }

    List<Finding> run() {
        checkBuses();
        checkActivation();
        checkBubblewrap();
        checkKernel(System.getProperty("os.version"));
        checkMountProgram();
        checkUserNamespaces();
        checkCgroups();
        checkSecurityModule();
        return findings;
    }

    private void checkBuses() {
        try {
            findings.add(Finding.ok("session bus", BusLocation.session(environment).get(0).toString()));
        } catch (IllegalArgumentException none) {
            findings.add(Finding.bad("session bus", none.getMessage()));
        }
        try {
            BusLocation system = BusLocation.system(environment).get(0);
            findings.add(system.isAbstract() || Files.exists(Path.of(system.name())) ? Finding.ok("system bus", system.toString())
                    : Finding.note("system bus", system.name() + " is not there: servers of the system bus cannot be made"));
        } catch (IllegalArgumentException malformed) {
            findings.add(Finding.bad("system bus", malformed.getMessage()));
        }
    }

    /** D-Bus Specification, "Message Bus Starting Services". */
    private void checkActivation() {
        String home = environment.getOrDefault("HOME", "");
        String own = environment.getOrDefault("XDG_DATA_HOME", home + "/.local/share");
        String shared = environment.getOrDefault("XDG_DATA_DIRS", "/usr/local/share:/usr/share");
        List<Path> places = Stream.concat(Stream.of(environment.getOrDefault("XDG_RUNTIME_DIR", "") + "/dbus-1/services"),
                Stream.concat(Stream.of(own), Stream.of(shared.split(":"))).map(place -> place + "/dbus-1/services"))
                .map(place -> Path.of(place, "io.berth.Helper1.service")).toList();
        findings.add(places.stream().filter(Files::exists).findFirst()
                .map(file -> Finding.ok("activation", file + " lets the bus start the helper"))
                .orElse(Finding.bad("activation", "no io.berth.Helper1.service in a dbus-1/services directory: the helper has to be started"
                        + " by hand (bin/install puts it there)")));
    }

    private void checkBubblewrap() {
        findings.add(Bubblewrap.find().map(program -> Finding.ok("bubblewrap", program.toString()))
                .orElse(Finding.bad("bubblewrap", "not installed: berth run cannot hide the real buses (Debian package: bubblewrap)")));
    }

    /** @param release as uname -r says it */
    void checkKernel(String release) {
        Matcher version = RELEASE.matcher(release);
        if (!version.matches()) {
            findings.add(Finding.note("kernel", "release " + release + " says nothing"));
            return;
        }
        List<String> missing = new ArrayList<>();
        for (KernelCall call : KernelCall.values()) {
            if (!call.isIn(Integer.parseInt(version.group(1)), Integer.parseInt(version.group(2)))) {
                missing.add(call.call + " (Linux " + call.major + "." + call.minor + "): " + call.without);
            }
        }
        findings.add(missing.isEmpty() ? Finding.ok("kernel", "Linux " + release + " has all that Berth uses")
                : Finding.bad("kernel", "Linux " + release + " lacks " + String.join("; ", missing)));
    }

    List<Finding> findings() {
        return findings;
    }

    private void checkMountProgram() {
        Path program = NativeFiles.directory().resolve("berth-mount");
        findings.add(Files.isExecutable(program) ? Finding.ok("berth-mount", program.toString())
                : Finding.bad("berth-mount", program + " is not there: the helper cannot mount sockets (bin/build --again makes it)"));
    }

    private void checkUserNamespaces() {
        String why = number("/proc/sys/user/max_user_namespaces") == 0 ? "user.max_user_namespaces is 0"
                : number("/proc/sys/kernel/unprivileged_userns_clone") == 0 ? "kernel.unprivileged_userns_clone is 0"
                : number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == 1 ? "kernel.apparmor_restrict_unprivileged_userns is 1" : "";
        findings.add(!Files.exists(Path.of("/proc/self/ns/user")) ? Finding.bad("user namespaces", "not in this kernel")
                : why.isEmpty() ? Finding.ok("user namespaces", "ordinary users may make them")
                : Finding.note("user namespaces", why + ": ordinary users may not make them, so bubblewrap may not work"));
    }

    /** @return -1 when there is no such setting */
    private static long number(String file) {
        try {
            return Long.parseLong(Files.readString(Path.of(file)).strip());
        } catch (IOException | NumberFormatException none) {
            return -1;
        }
    }

    private void checkCgroups() {
        List<String> types = ProcessView.self().mounts().stream().map(ProcessView.MountLine::type).toList();
        findings.add(types.contains("cgroup2") ? Finding.ok("cgroups", "version 2: the end of an app is seen at once")
                : types.contains("cgroup") ? Finding.note("cgroups", "version 1 only: the end of an app is seen by looking again and again")
                : Finding.bad("cgroups", "none is mounted: the end of an app is seen by its processes only"));
    }

    private void checkSecurityModule() {
        boolean appArmor = number("/sys/module/apparmor/parameters/enabled") == 1 || read("/sys/module/apparmor/parameters/enabled").startsWith("Y");
        if (appArmor || Files.exists(Path.of("/sys/fs/selinux/enforce"))) {
            findings.add(Finding.note((appArmor ? "AppArmor" : "SELinux"), "the bus mediates by the label of whoever connects to it: for apps"
                    + " behind Berth that is the helper's, not theirs"));
        }
    }

    private static String read(String file) {
        try {
            return Files.readString(Path.of(file));
        } catch (IOException none) {
            return "";
        }
    }
}
