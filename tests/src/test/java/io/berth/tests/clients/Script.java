package io.berth.tests.clients;

import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Path;

/** The scripts among the test resources, to be run with the system's own Python. Stateless. */
final class Script {
    private Script() {
    }

    static String path(String name) {
        URL url = Script.class.getResource("/programs/" + name);
        try {
            return Path.of(url.toURI()).toString();
        } catch (URISyntaxException impossible) {
            throw new AssertionError(impossible);
        }
    }
}
