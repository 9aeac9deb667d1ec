package io.berth.tests.connector;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.berth.tests.house.EchoService;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The same rules let an app do the same behind berth-dbus-proxy as behind xdg-dbus-proxy. */
class DropInRulesTest {
    private static final List<String> NAMES = List.of("org.gnome.ghex", "org.gnome.ghex.Other", "org.gnome.ghexer", "ca.desrt.dconf",
            "org.freedesktop.portal.Desktop", "org.freedesktop.Flatpak", "org.test.S");
    private static final List<String> PATHS = List.of("/", "/o", "/o/p", "/org/freedesktop/portal/desktop");
    private static final List<String> METHODS = List.of("org.test.I.Do", "org.test.I.Other", "org.test.I.Sub.Do");

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    @TempDir
    private Path directory;

    /** What an app behind a proxy with these options can do, by what it tried. */
    private Map<String, String> outcomes(String program, String... options) {
        Path socket = directory.resolve("proxy");
        List<String> line = new ArrayList<>(List.of(HOUSE.bus().address(), socket.toString()));
        line.addAll(List.of(options));
        Proxy proxy = Proxy.ready(HOUSE, directory, program, line.toArray(String[]::new));
        Map<String, String> outcomes = new TreeMap<>();
        try (RawClient app = RawClient.connect(socket); RawClient sender = HOUSE.bus().connect(); RawClient outsider = HOUSE.bus().connect()) {
            for (String name : NAMES) {
                outcomes.put("has owner " + name, result(app.answer(busCall("NameHasOwner", name))));
                outcomes.put("start " + name, yesOrNo(app.answer(Message.call(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, "StartServiceByName")
                        .body("su", name, 0))));
                for (String path : PATHS) {
                    for (String method : METHODS) {
                        int dot = method.lastIndexOf('.');
                        outcomes.put("call " + name + " " + path + " " + method,
                                result(app.answer(Message.call(name, path, method.substring(0, dot), method.substring(dot + 1)))));
                    }
                }
            }
            for (String name : List.of("org.gnome.ghex.Mine", "org.test.Mine")) {
                outcomes.put("own " + name, yesOrNo(app.answer(Message.call(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, "RequestName")
                        .body("su", name, 0))));
            }
            app.match("type='signal'");
            sender.own("org.test.Sender");
            app.sync();
            for (String path : PATHS) {
                sender.send(Message.signal(null, path, "org.test.I", "News"));
                sender.send(Message.signal(null, path, "org.test.J", "News"));
            }
            sender.sync();
            outsider.send(Message.signal(app.uniqueName(), "/", "org.test.Barrier", "End"));
            app.await("end", message -> {
                if ("News".equals(message.member())) {
                    outcomes.put("hear " + message.path() + " " + message.interfaceName(), "yes");
                }
                return message.is(Message.SIGNAL, "End");
            });
        }
        assertEquals(0, proxy.end());
        return outcomes;
    }

    private static Message busCall(String member, String name) {
        return Message.call(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, member).body("s", name);
    }

    /** Where the two refuse in different words. */
    private static String yesOrNo(Message answer) {
        return answer.type() == Message.ERROR ? "no" : answer.args().toString();
    }

    private static String result(Message answer) {
        if (answer.type() != Message.ERROR) {
            return answer.args().toString();
        }
        return switch (answer.errorName()) {
            case "org.freedesktop.DBus.Error.ServiceUnknown", "org.freedesktop.DBus.Error.NameHasNoOwner" -> "does not exist";
            case "org.freedesktop.DBus.Error.AccessDenied" -> "denied";
            default -> answer.errorName();
        };
    }

    private static void compare(Map<String, String> xdg, Map<String, String> berth) {
        Map<String, String> different = new TreeMap<>();
        xdg.forEach((what, result) -> {
            if (!result.equals(berth.get(what))) {
                different.put(what, "xdg-dbus-proxy: " + result + ", berth-dbus-proxy: " + berth.get(what));
            }
        });
        berth.keySet().stream().filter(what -> !xdg.containsKey(what)).forEach(what -> different.put(what, "only berth-dbus-proxy"));
        assertEquals(Map.of(), different);
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "--filter --own=org.gnome.ghex.* --talk=ca.desrt.dconf --call=org.freedesktop.portal.*=*"
            + " --broadcast=org.freedesktop.portal.*=@/org/freedesktop/portal/*",
        "--filter", "",
        "--filter --see=org.gnome.ghex", "--filter --see=org.gnome.ghex.*", "--filter --talk=org.gnome.ghex",
        "--filter --own=org.gnome.ghex.* --talk=org.test.Sender",
        "--filter --talk=org.freedesktop.Flatpak",
        "--filter --call=org.test.S=org.test.I.Do", "--filter --call=org.test.S=org.test.I.*", "--filter --call=org.test.S=org.test.I.Sub",
        "--filter --call=org.test.S=*", "--filter --call=org.test.S=", "--filter --call=org.test.S=@", "--filter --call=org.test.S=@/o",
        "--filter --call=org.test.S=@/o/*", "--filter --call=org.test.S=*@/*", "--filter --call=org.test.*=org.test.I.Sub.Do@/o/*",
        "--filter --call=org.test.S=foo", "--filter --call=org.test.S=@o", "--filter --call=org.test.S=@/o --call=org.test.S=org.test.I.Do@/o/p",
        "--filter --broadcast=org.test.Sender=*", "--filter --broadcast=org.test.Sender=org.test.I.News@/o/*",
        "--filter --broadcast=org.test.Sender=org.test.J.*", "--filter --broadcast=org.test.*=@/o/p",
        "--filter --see=org.test.S --talk=org.test.S", "--filter --talk=org.test.S --see=org.test.S"})
    void options_letThroughTheSame(String line) {
        NAMES.forEach(name -> HOUSE.keep(new EchoService(HOUSE.bus(), name)));
        String[] options = line.isEmpty() ? new String[0] : line.split(" ");
        compare(outcomes(Proxy.XDG, options), outcomes(Proxy.BERTH, options));
    }

    /** As the manual of both says. Since xdg-dbus-proxy 0.1.6 each of these lets all broadcasts of the name in. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "--call=org.test.Sender=* | ",
        "--call=org.test.Sender=org.test.I.* | ",
        "--broadcast=org.test.Sender=org.test.J.* | / org.test.J,/o org.test.J,/o/p org.test.J,/org/freedesktop/portal/desktop org.test.J",
        "--broadcast=org.test.Sender=@/o | /o org.test.I,/o org.test.J",
        "--broadcast=org.test.Sender=org.test.I.News@/o/* | /o org.test.I,/o/p org.test.I"})
    void narrowRules_letInTheBroadcastsTheySpeakOf(String rule, String heard) {
        Set<String> expected = heard == null ? Set.of() : Arrays.stream(heard.split(",")).map(what -> "hear " + what).collect(Collectors.toSet());
        assertEquals(expected, outcomes(Proxy.BERTH, "--filter", rule).keySet().stream().filter(what -> what.startsWith("hear "))
                .collect(Collectors.toSet()));
    }

    @Test
    void sloppyNames_showUniqueNamesAndNothingElse() {
        HOUSE.keep(new EchoService(HOUSE.bus(), "org.test.S"));
        Path socket = directory.resolve("proxy");
        for (String program : List.of(Proxy.XDG, Proxy.BERTH)) {
            Proxy proxy = Proxy.ready(HOUSE, directory, program, HOUSE.bus().address(), socket.toString(), "--filter", "--sloppy-names");
            RawClient app = Proxy.app(HOUSE, socket);
            app.match("type='signal',member='NameOwnerChanged'");
            try (RawClient comes = HOUSE.bus().connect()) {
                comes.own("org.test.Comes");
                app.await("arrival", message -> message.is(Message.SIGNAL, "NameOwnerChanged")
                        && message.args().equals(List.of(comes.uniqueName(), "", comes.uniqueName())));
                comes.close();
                app.await("departure", message -> {
                    if (message.is(Message.SIGNAL, "NameOwnerChanged") && message.arg().equals("org.test.Comes")) {
                        throw new AssertionError(program + " shows a well-known name: " + message);
                    }
                    return message.is(Message.SIGNAL, "NameOwnerChanged") && message.args().equals(List.of(comes.uniqueName(), comes.uniqueName(), ""));
                });
            }
            assertEquals(false, app.bus("NameHasOwner", "s", "org.test.S").arg(), program);
            assertEquals(Message.ERROR, app.answer(Message.call("org.test.S", "/", "org.test.I", "Do")).type());
            assertEquals(0, proxy.end());
        }
    }
}
