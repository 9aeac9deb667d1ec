package io.berth.cli;

import io.berth.main.NativeFiles;
import io.berth.transport.BusLocation;
import io.berth.transport.MessageBus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What Berth would need on this machine, and which of it is missing; {@link KernelCheck} asks the kernel. Changes nothing. */
final class HostCheck {
    private final Map<String, String> environment;
    private final List<Finding> findings = new ArrayList<>();

    HostCheck(Map<String, String> environment) {
        this.environment = environment;
    }

    List<Finding> run() {
        checkBuses();
        checkActivation();
        checkBubblewrap();
        findings.addAll(new KernelCheck(NativeFiles.directory()).run());
        checkMountProgram();
        checkCgroups();
        checkSecurityModule();
        return findings;
    }

    private void checkBuses() {
        try (MessageBus session = MessageBus.connect(BusLocation.session(environment))) {
            findings.add(Finding.ok("session bus", session.location().toString()));
        } catch (IOException | IllegalArgumentException none) {
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
        List<Path> places = ServiceDirectories.ofBus(environment).stream().map(place -> place.resolve("io.berth.Helper1.service")).toList();
        findings.add(places.stream().filter(Files::exists).findFirst()
                .map(file -> Finding.ok("activation", file + " lets the bus start the helper"))
                .orElse(Finding.bad("activation", "no io.berth.Helper1.service in a dbus-1/services directory: the helper has to be started"
                        + " by hand (bin/install puts it there)")));
    }

    private void checkBubblewrap() {
        findings.add(Bubblewrap.find().map(program -> Finding.ok("bubblewrap", program.toString()))
                .orElse(Finding.bad("bubblewrap", "not installed: berth run cannot hide the real buses (Debian package: bubblewrap)")));
    }

    private void checkMountProgram() {
        Path program = NativeFiles.directory().resolve("berth-mount");
        findings.add(Files.isExecutable(program) ? Finding.ok("berth-mount", program.toString())
                : Finding.bad("berth-mount", program + " is not there: the helper cannot mount sockets (bin/build --again makes it)"));
    }

    private void checkCgroups() {
        List<String> types = ProcessView.self().mounts().stream().map(ProcessView.MountLine::type).toList();
        findings.add(types.contains("cgroup2") ? Finding.ok("cgroups", "version 2: the end of an app is seen at once")
                : types.contains("cgroup") ? Finding.note("cgroups", "version 1 only: the end of an app is seen by looking again and again")
                : Finding.bad("cgroups", "none is mounted: the end of an app is seen by its processes only"));
    }

    private void checkSecurityModule() {
        boolean appArmor = read("/sys/module/apparmor/parameters/enabled").startsWith("Y");
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
