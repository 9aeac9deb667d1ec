package io.berth.tests.mount;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.berth.tests.raw.Libc;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;

/** A house for each test class, of root or of an ordinary user; every test ends with nothing left in the daemon. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class HouseTest {
    private final boolean asRoot;
    MountHouse house;

    HouseTest(boolean asRoot) {
        this.asRoot = asRoot;
    }

    @BeforeAll
    void open() throws Exception {
        assumeTrue(Libc.LIBC.getuid() == 0, "making namespaces and users needs root");
        house = new MountHouse(asRoot);
    }

    @AfterEach
    void endTest() throws Exception {
        house.endTest();
    }

    @AfterAll
    void close() throws Exception {
        if (house != null) {
            house.close();
        }
    }
}
