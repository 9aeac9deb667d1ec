package io.berth.tests.fault;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.api.RuleText;
import io.berth.tests.house.BerthDaemon;
import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.HelperApi;
import io.berth.tests.raw.ConnectionClosed;
import io.berth.tests.raw.DBusError;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import io.berth.tests.raw.Variant;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever thread has a fault, the process ends at once, with a status and a word, and every app is cut off. */
class FaultTest {
    private static final int FAULT = 5;
    private static final int NO_MEMORY = 3;
    private static final String LIMITS_EXCEEDED = "org.freedesktop.DBus.Error.LimitsExceeded";

    /** What needs classes that were not needed before, and which thread needs them. */
    private enum Need {
        POLICY("berth-policy") {
            @Override
            void provoke(HelperApi api, ContainerServer server, RawClient app) {
                api.connection().send(HelperApi.call("SetContainerPolicy").body("os", server.object(), "dbus,"));
            }
        },
        MOUNT("berth-mounts") {
            /** One that is refused before there is a namespace. */
            @Override
            void prepare(HelperApi api, ContainerServer server) {
                api.connection().answer(bindMount(server, "NamespacePath", new Variant("ay", "/etc/passwd\0".getBytes(StandardCharsets.UTF_8))));
            }

            @Override
            void provoke(HelperApi api, ContainerServer server, RawClient app) {
                api.connection().send(bindMount(server, "Pid", new Variant("u", (int) ProcessHandle.current().pid())));
            }

            private static Message bindMount(ContainerServer server, String key, Variant value) {
                return HelperApi.call("BindMount").body("oa{sv}ay", server.object(), Map.of(key, value), "/nowhere\0".getBytes(StandardCharsets.UTF_8));
            }
        },
        RELAY("berth-loop") {
            @Override
            void provoke(HelperApi api, ContainerServer server, RawClient app) {
                app.send(Message.call("org.test.Hidden", "/", "org.test.Iface", "Do"));
            }
        },
        CALL("berth-loop") {
            @Override
            void provoke(HelperApi api, ContainerServer server, RawClient app) {
                api.connection().send(HelperApi.call("GrantAccess").body("oa(usos)", server.object(),
                        HelperApi.structs(RuleText.parse("--talk=org.test.Service"))));
            }
        };

        private final String thread;

        Need(String thread) {
            this.thread = thread;
        }

        void prepare(HelperApi api, ContainerServer server) {
        }

        abstract void provoke(HelperApi api, ContainerServer server, RawClient app);
    }

    @ParameterizedTest
    @EnumSource
    void rebuiltUnderIt_endsAtTheFirstClassThatIsMissing(Need need) throws Exception {
        try (FaultyDaemon daemon = new FaultyDaemon()) {
            HelperApi api = daemon.api();
            ContainerServer server = api.add("org.test.App");
            RawClient app = daemon.keep(server.connect());
            api.connection().call(Message.call(BerthDaemon.NAME, server.object(), HelperApi.SERVER, "Observe").body("b", true));
            assertEquals("complain", api.property(server, "Mode"));
            need.prepare(api, server);
            daemon.truncateJar();
            need.provoke(api, server, app);
            assertEquals(FAULT, daemon.program().exitStatus(FaultyDaemon.PATIENCE), daemon.program().errors());
            app.awaitClose();
            String errors = daemon.program().errors();
            assertTrue(errors.contains("ERROR a fault in the thread " + need.thread), errors);
            assertTrue(errors.contains("NoClassDefFoundError"), errors);
        }
    }

    /** Servers as large as they may be, and where that is refused small ones, in a heap that has no room for them. */
    private static void exhaust(FaultyDaemon daemon, List<RawClient> apps) {
        try {
            HelperApi api = daemon.api();
            apps.add(daemon.keep(api.add("org.test.App").connect()));
            Map<String, Variant> metadata = Map.of("some", Variant.of("x".repeat(16_000)));
            for (int i = 0; i < 2_000; i++) {
                Message answer = api.connection().answer(HelperApi.call("AddContainerServer").body("ssa{sv}a{sv}", HelperApi.TYPE, "org.test.App" + i,
                        metadata, HelperApi.staying()));
                if (LIMITS_EXCEEDED.equals(answer.errorName())) {
                    metadata = Map.of();
                } else if (answer.errorName() != null) {
                    return;
                }
            }
        } catch (ConnectionClosed | DBusError ended) {
            // its end is what is waited for
        }
    }

    /** @param byTheMachineItself {@code +} as it is started; {@code -} as if that had overlooked it */
    @ParameterizedTest
    @ValueSource(strings = {"+", "-"})
    void noMemory_withOutputFull_endsAtOnce(String byTheMachineItself) throws Exception {
        try (FaultyDaemon daemon = FaultyDaemon.withOutputToAPipe("-Xmx6m", "-XX:" + byTheMachineItself + "ExitOnOutOfMemoryError")) {
            daemon.fillOutput();
            List<RawClient> apps = new ArrayList<>();
            Thread exhausting = new Thread(() -> exhaust(daemon, apps));
            exhausting.start();
            int status = daemon.program().exitStatus(FaultyDaemon.PATIENCE);
            exhausting.join(FaultyDaemon.PATIENCE.toMillis());
            assertEquals(byTheMachineItself.equals("+") ? NO_MEMORY : FAULT, status, daemon.program().errors());
            apps.get(0).awaitClose();
        }
    }

    @Test
    void startScript_letsTheMachineEndTheDaemonWithoutMemory() throws IOException {
        String script = Files.readString(Path.of("../bin/berth"));
        for (String option : List.of("-XX:+ExitOnOutOfMemoryError", "-XX:-DisplayVMOutput")) {
            assertTrue(script.contains(option), script);
            assertTrue(BerthDaemon.command("daemon").contains(option), option);
        }
    }

    /** A reader that has stopped must not keep the process from ending. */
    @Test
    void outputFull_endsAllTheSame() throws Exception {
        try (FaultyDaemon daemon = FaultyDaemon.withOutputToAPipe()) {
            HelperApi api = daemon.api();
            ContainerServer server = api.add("org.test.App");
            RawClient app = daemon.keep(server.connect());
            daemon.fillOutput();
            daemon.truncateJar();
            Need.POLICY.provoke(api, server, app);
            assertEquals(FAULT, daemon.program().exitStatus(FaultyDaemon.PATIENCE));
            app.awaitClose();
        }
    }
}
