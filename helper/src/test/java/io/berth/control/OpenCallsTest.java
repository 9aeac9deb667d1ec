package io.berth.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class OpenCallsTest {
    private final OpenCalls calls = new OpenCalls();

    private int flood(String caller, long body) {
        int begun = 0;
        while (calls.begin(caller, body)) {
            begun++;
        }
        return begun;
    }

    @Test
    void callersWithoutEnd_areBounded_andLeaveRoomForOthers() {
        long taken = 0;
        for (int i = 0; i < 8; i++) {
            taken += flood(":1." + i, 500) * (4 * 500L + OpenCalls.CALL_BYTES);
        }
        assertTrue(taken < OpenCalls.MOST_BYTES, taken + " bytes");
        assertTrue(calls.begin(":1.99", 500), "another's usual call");
    }

    @Test
    void answers_makeRoomAgain() {
        int begun = flood(":1.1", 10_000);
        assertFalse(calls.begin(":1.1", 10_000));
        for (int i = 0; i < begun; i++) {
            calls.end(":1.1", 10_000);
        }
        assertEquals(begun, flood(":1.1", 10_000));
    }

    @Test
    void largestCall_ofWhoHasNoOther_isTaken() {
        assertTrue(calls.begin(":1.1", Control.LARGEST_CALL));
    }
}
