package io.berth.tests.fault;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.tests.house.HelperApi;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The end of a session, at which bus and helper are told to end in whatever order: nobody calls that an error. */
class SessionEndTest {
    private static final int ROUNDS = 5;

    private enum Order { BUS_FIRST, HELPER_FIRST, TOGETHER }

    @ParameterizedTest
    @EnumSource
    void busAndHelperEnded_saysNothingAndSucceeds(Order order) throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            try (FaultyDaemon daemon = new FaultyDaemon()) {
                HelperApi api = daemon.api();
                RawClient app = daemon.keep(api.add("org.test.App").connect());
                app.send(Message.call(RawClient.BUS, "/", RawClient.BUS, "GetId"));
                daemon.end(order != Order.HELPER_FIRST, order == Order.TOGETHER);
                assertEquals(0, daemon.program().exitStatus(FaultyDaemon.PATIENCE), daemon.program().errors());
                String errors = daemon.program().errors();
                assertFalse(errors.contains("ERROR") || errors.contains("WARN") || errors.contains("\tat "), errors);
                assertTrue(errors.contains("sockets in"), errors);
                app.awaitClose();
            }
        }
    }
}
