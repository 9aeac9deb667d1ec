package io.berth.tests.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.tests.house.BerthDaemon;
import io.berth.tests.house.EchoService;
import io.berth.tests.house.Program;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.Message;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Policies by the {@code berth} command: given to an app that starts or runs, shown, and what would have allowed a refusal. */
class PolicyCommandTest {
    private static final Duration PATIENCE = Duration.ofSeconds(40);
    private static final String NAME = "org.test.Service";
    private static final String CALL = "busctl --user call " + NAME + " /a org.test.Iface Echo s hello";

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    @TempDir
    private Path directory;

    private static String berth(int status, String... arguments) {
        Program program = HOUSE.run(HOUSE.bus().address(), BerthDaemon.command(arguments).toArray(String[]::new));
        assertEquals(status, program.exitStatus(PATIENCE), program.output() + program.errors());
        return program.output() + program.errors();
    }

    private String file(String text) throws IOException {
        return Files.writeString(directory.resolve("app.policy"), text).toString();
    }

    @Test
    void run_underAPolicy_isRuledByIt() throws Exception {
        String allowing = "@{service}=" + NAME + "\n" + Confined.BASE + "dbus send bus=session member=Echo peer=(name=@{service}, label=unconfined),\n";
        try (EchoService echo = new EchoService(HOUSE.bus(), NAME)) {
            String output = berth(0, "run", "--policy", file(allowing), "--", "sh", "-c", CALL);
            assertTrue(output.contains("s \"hello\""), output);
            output = berth(1, "run", "--policy", file(Confined.BASE), "--", "sh", "-c", CALL);
            assertTrue(output.contains("Access denied"), output);
        }
    }

    @Test
    void badFile_isToldByItsPlace() throws Exception {
        String file = file("dbus send,\n  dbus sent,\n");
        String output = berth(125, "run", "--policy", file, "--", "true");
        assertTrue(output.contains(file + ":2:8: found "), output);
        output = berth(2, "run", "--policy", file, "--talk=a.b", "--", "true");
        assertTrue(output.contains("--policy takes the place of rules"), output);
        Confined app = Confined.under(HOUSE, "org.test.App", "");
        output = berth(1, "access", "org.test.App", "--policy", file);
        assertTrue(output.contains("line 2, column 8: found "), output);
        assertEquals(Confined.BASE, HOUSE.helper().property(app.server(), "Policy"));
    }

    @Test
    void runningApp_isGivenAPolicy_andItIsShown() throws Exception {
        Confined app = Confined.under(HOUSE, "org.test.App", "");
        app.client().answer(Message.call(NAME, "/a", Confined.INTERFACE, "Do"));
        String why = berth(0, "why", "org.test.App");
        assertTrue(why.contains("--add-policy-rule 'dbus send bus=session path=/a interface=org.test.I member=Do peer=(name=" + NAME + "),'"), why);
        String text = "# new\n" + Confined.BASE + "dbus send member=Do,\n";
        berth(0, "access", "org.test.App", "--policy", file(text));
        assertEquals(text, HOUSE.helper().property(app.server(), "Policy"));
        assertEquals(text, berth(0, "access", "org.test.App"));
        assertTrue(berth(0, "show", "org.test.App").contains("dbus send member=Do,"));
        berth(0, "access", "org.test.App", "--set", "--talk=" + NAME);
        assertEquals("", HOUSE.helper().property(app.server(), "Policy"));
    }
}
