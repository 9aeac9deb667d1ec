package io.berth.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The small tables of the data path against the library's own. */
class TablesTest {
    @Test
    void nameMap_randomChanges_agreesWithHashMap() {
        Random random = new Random(1);
        NameMap<Integer> map = new NameMap<>();
        Map<String, Integer> expected = new HashMap<>();
        for (int i = 0; i < 200_000; i++) {
            String name = ":1." + random.nextInt(300);
            if (random.nextInt(3) == 0) {
                map.remove(Peer.bytes(name));
                expected.remove(name);
            } else {
                map.put(Peer.bytes(name), i);
                expected.put(name, i);
            }
            String asked = ":1." + random.nextInt(300);
            byte[] padded = ("xx" + asked + "yy").getBytes();
            assertEquals(expected.get(asked), map.find(padded, 2, padded.length - 4));
            assertEquals(expected.size(), map.size());
        }
        Map<String, Integer> all = new HashMap<>();
        map.forEach((name, value) -> all.put(new String(name), value));
        assertEquals(expected, all);
        map.clear();
        assertNull(map.find(Peer.bytes(":1.1")));
    }

    @Test
    void pendingReplies_randomChanges_agreeWithLists() {
        Random random = new Random(2);
        PendingReplies pending = new PendingReplies(64, null, accounts());
        Map<Integer, List<Object>> expected = new HashMap<>();
        for (int i = 0; i < 200_000; i++) {
            int serial = random.nextInt(40) + 1;
            if (random.nextBoolean() && !pending.isFull()) {
                Object what = i;
                pending.add(serial, what, i % 2 == 0);
                expected.computeIfAbsent(serial, s -> new ArrayList<>()).add(what);
            } else {
                int slot = pending.find(serial);
                List<Object> waiting = expected.getOrDefault(serial, List.of());
                assertEquals(waiting.isEmpty(), slot < 0);
                if (slot >= 0) {
                    assertEquals((int) pending.awaited(slot) % 2 == 0, pending.mayCarryFds(slot));
                    assertTrue(waiting.remove(pending.awaited(slot)));
                    pending.remove(slot);
                }
            }
            assertEquals(expected.values().stream().mapToInt(List::size).sum(), pending.size());
        }
        int serial = 7;
        for (int slot = pending.find(serial); slot >= 0; slot = pending.findAfter(slot, serial)) {
            assertTrue(expected.get(serial).remove(pending.awaited(slot)));
        }
        assertTrue(expected.getOrDefault(serial, List.of()).isEmpty());
        pending.removeIf(what -> true);
        assertEquals(0, pending.size());
    }

    @Test
    void pendingReplies_atTheLimit_areFull() {
        PendingReplies pending = new PendingReplies(3, null, accounts());
        for (int serial = 1; serial <= 3; serial++) {
            assertFalse(pending.isFull());
            pending.add(serial, "x", false);
        }
        assertTrue(pending.isFull());
    }

    @Test
    void helloQueue_askedMeanwhile_waitsForThoseBeforeAndNotForLaterOnes() {
        HelloQueue queue = new HelloQueue();
        List<String> done = new ArrayList<>();
        queue.whenAnswered(() -> done.add("idle"));
        long first = queue.begin();
        long second = queue.begin();
        queue.whenAnswered(() -> done.add("both"));
        long third = queue.begin();
        queue.end(second);
        assertEquals(List.of("idle"), done);
        queue.end(first);
        assertEquals(List.of("idle", "both"), done);
        queue.whenAnswered(() -> done.add("third"));
        queue.end(third);
        queue.end(third);
        assertEquals(List.of("idle", "both", "third"), done);
    }

    @Test
    void ownerTable_handOver_movesTheNameAndRemembersIt() {
        OwnerTable table = new OwnerTable(accounts().bytes());
        table.setOwner("org.a", ":1.1");
        int version = table.version();
        table.setOwner("org.a", ":1.2");
        assertTrue(table.version() != version);
        assertEquals(":1.2", table.find("org.a").uniqueName());
        assertFalse(table.find(":1.1").names().contains("org.a"));
        assertTrue(table.find(":1.1").hasEverOwned("org.a"));
        table.remove(":1.2");
        assertNull(table.find("org.a"));
        assertNull(table.find(":1.2"));
        assertEquals(List.of(":1.1"), table.everybody().stream().map(Peer::uniqueName).toList());
    }

    @Test
    void limits_unknownOrOutOfRange_areNamed() {
        Limits limits = Limits.defaults().with(Map.of("servers", 7));
        assertEquals(7, limits.servers());
        assertEquals(Limits.defaults().matchRules(), limits.matchRules());
        for (Map<String, Integer> wrong : List.of(Map.of("serverz", 1), Map.of("servers", 0), Map.of("headerBytes", 1 << 20))) {
            String name = wrong.keySet().iterator().next();
            IllegalArgumentException e = org.junit.jupiter.api.Assertions.assertThrows(IllegalArgumentException.class, () -> limits.with(wrong));
            assertTrue(e.getMessage().contains(name));
        }
    }

    private static Accounts accounts() {
        return new Accounts(null, Budgets.of(Limits.defaults(), 1024));
    }
}
