package io.berth.tests.clients;

import io.berth.tests.house.Program;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.RawClient;
import org.awaitility.Awaitility;

/** The Python service on the session bus itself. */
final class ThingsService {
    static final String NAME = "org.test.Things";
    static final String PATH = "/org/test/things";

    private ThingsService() {
    }

    /** Started, and its name owned. The house ends it. */
    static Program start(TestHouse house) {
        Program service = house.run(house.bus().address(), "/usr/bin/python3", Script.path("things_service.py"), NAME);
        RawClient watcher = house.unconfined();
        Awaitility.await("the service to own its name").until(() -> {
            if (!service.isAlive()) {
                throw new IllegalStateException("the service ended: " + service.errors());
            }
            return (Boolean) watcher.bus("NameHasOwner", "s", NAME).arg();
        });
        return service;
    }
}
