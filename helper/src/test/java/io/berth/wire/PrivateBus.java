package io.berth.wire;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** The reference bus (dbus-daemon) on a socket of its own, letting everybody of this user do everything. */
final class PrivateBus implements AutoCloseable {
    private final Process process;
    private final BusAddress address;

    PrivateBus(Path directory) throws IOException {
        Path config = directory.resolve("bus.conf");
        Files.writeString(config, """
                <!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
                 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
                <busconfig>
                  <type>session</type>
                  <listen>%s</listen>
                  <policy context="default">
                    <allow send_destination="*" eavesdrop="true"/>
                    <allow eavesdrop="true"/>
                    <allow own="*"/>
                  </policy>
                </busconfig>
                """.formatted(BusAddress.format(directory.resolve("bus").toString(), null)));
        process = new ProcessBuilder("dbus-daemon", "--config-file=" + config, "--nofork", "--nopidfile", "--print-address=1")
                .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        BufferedReader output = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        String line = output.readLine();
        if (line == null) {
            throw new IOException("dbus-daemon does not start");
        }
        address = BusAddress.parse(line, null).get(0);
    }

    BusAddress address() {
        return address;
    }

    @Override
    public void close() throws IOException {
        process.destroy();
        process.onExit().join();
        process.getInputStream().close();
        process.getOutputStream().close();
    }
}
