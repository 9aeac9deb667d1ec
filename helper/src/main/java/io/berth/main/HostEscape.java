package io.berth.main;

import java.util.List;

/**
 * Names whose services do things outside the sandbox for whoever may call them: start programs, take control of the
 * session, hand out files. Access to them must be asked for in so many words ({@code AllowHostEscape}). The configuration
 * key {@code hostEscape} replaces the list.
 */
final class HostEscape {
    static final List<String> DEFAULT = List.of(
            // start programs on the host
            "org.freedesktop.Flatpak.*", "org.freedesktop.systemd1", "com.ubuntu.Upstart", "org.gnome.Terminal.*",
            "org.kde.klauncher5", "org.kde.krunner", "org.kde.kglobalaccel", "org.freedesktop.machine1",
            "org.freedesktop.portable1", "org.freedesktop.PackageKit", "org.projectatomic.rpmostree1", "io.snapcraft.*",
            // run scripts inside the desktop shell
            "org.gnome.Shell", "org.kde.plasmashell", "org.kde.KWin",
            // settings that name programs to be started
            "ca.desrt.dconf",
            // files of the host
            "org.gtk.vfs.*",
            // takes an app for a program of the host, unless who connects to the bus has /.flatpak-info mounted at its root:
            // then org.freedesktop.portal.* is not among them
            "org.freedesktop.portal.*", "org.freedesktop.impl.portal.*");

    private HostEscape() {
    }
}
