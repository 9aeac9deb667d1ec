package io.berth.tests.relay;

import static io.berth.tests.house.Rules.rule;
import static io.berth.tests.house.Rules.see;
import static io.berth.tests.house.Rules.talk;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.berth.api.AccessFlags;
import io.berth.api.AccessRule;
import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.EchoService;
import io.berth.tests.house.HelperApi;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.ConnectionClosed;
import io.berth.tests.raw.DBusError;
import io.berth.tests.raw.Libc;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import io.berth.tests.raw.RawSocket;
import io.berth.tests.raw.Variant;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Apps that take all they can get, {@value #SERVERS} servers with {@value #CONNECTIONS} connections each, in a helper with the memory
 * that its start script gives it and {@value #FILES} file descriptors. Beside them an honest app goes on being answered, and one that
 * comes when all is taken is served too.
 */
class ExhaustionTest {
    private static final int SERVERS = 8;
    private static final int CONNECTIONS = 64;
    private static final int FILES = 4096;
    private static final String ECHO = "org.test.Echo";
    private static final String SILENT = "org.test.Silent";
    private static final String SEEN = "org.test.Seen";
    /** How long a call of the honest app may take: only one that hangs takes longer. */
    private static final Duration BOUND = Duration.ofSeconds(25);
    private static final Duration ATTACK = Duration.ofSeconds(4);
    /** An attacker who is not read for so long has got what there was for him. */
    private static final Duration GIVEN_UP = Duration.ofMillis(300);

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse().files(FILES);

    /** What is taken. Each goes on until it is refused, not read any more, or cut off. */
    private enum Attack {
        LONG_MATCH_RULES {
            @Override
            void run(RawClient client, int number) {
                for (int i = 0; i < 1024; i++) {
                    offer(client, bus("AddMatch", "s", "type='signal',arg0='" + "x".repeat(900) + number + "." + i + "'"));
                }
            }
        },
        SHORT_MATCH_RULES {
            @Override
            void run(RawClient client, int number) {
                for (int i = 0; i < 1024; i++) {
                    offer(client, bus("AddMatch", "s", "member='M" + i + "'"));
                }
            }
        },
        FILE_DESCRIPTORS_WITHOUT_A_MESSAGE {
            @Override
            void run(RawClient client, int number) {
                int[] fds = new int[250];
                Arrays.fill(fds, client.socket().fd());
                byte[] header = Arrays.copyOf(Message.call(SILENT, "/" + "x".repeat(2000), "org.test.I", "Do").serial(9).toBytes(), 1500);
                client.socket().send(Arrays.copyOf(header, 700), GIVEN_UP, fds);
                client.socket().send(Arrays.copyOfRange(header, 700, 1500), GIVEN_UP, fds);
            }
        },
        BYTES_BEHIND_BEGIN {
            @Override
            void run(RawClient client, int number) {
                throw new AssertionError("authenticates by itself");
            }
        },
        BYTES_BEHIND_BEGIN_OF_A_DEAF_CONNECTOR {
            @Override
            void run(RawClient client, int number) {
                throw new AssertionError("authenticates by itself");
            }
        },
        FILE_DESCRIPTORS_BEHIND_BEGIN_OF_A_DEAF_CONNECTOR {
            @Override
            void run(RawClient client, int number) {
                throw new AssertionError("authenticates by itself");
            }
        },
        NAMES {
            @Override
            void run(RawClient client, int number) {
                for (int i = 0; i < 256; i++) {
                    offer(client, bus("RequestName", "su", "org.test.Many.c" + number + "." + "x".repeat(220) + i, 4));
                }
            }
        },
        PENDING_CALLS {
            @Override
            void run(RawClient client, int number) {
                for (int i = 0; i < 2048; i++) {
                    offer(client, Message.call(SILENT, "/", "org.test.I", "Do"));
                }
            }
        },
        ANSWERS_UNREAD {
            @Override
            void run(RawClient client, int number) {
                for (int i = 0; i < 1500; i++) {
                    offer(client, Message.call(SEEN, "/" + "x".repeat(5000), "org.test.I", "Do"));
                }
            }
        },
        MESSAGES_WITHOUT_END {
            @Override
            void run(RawClient client, int number) {
                byte[] whole = bus("AddMatch", "s", "x".repeat(500_000)).serial(9).toBytes();
                client.socket().send(Arrays.copyOf(whole, whole.length - 5), GIVEN_UP);
            }
        },
        HEADERS_WITHOUT_END {
            @Override
            void run(RawClient client, int number) {
                byte[] whole = Message.call(SILENT, "/" + "x".repeat(250_000), "org.test.I", "Do").serial(9).toBytes();
                client.socket().send(Arrays.copyOf(whole, whole.length - 5), GIVEN_UP);
            }
        },
        REFUSED_SIGNALS_WITHOUT_END {
            @Override
            void run(RawClient client, int number) {
                byte[] one = Message.signal(ECHO, "/", "org.test.I", "Changed").serial(7).toBytes();
                byte[] many = new byte[one.length * 1000];
                for (int i = 0; i < many.length; i++) {
                    many[i] = one[i % one.length];
                }
                for (long end = System.nanoTime() + ATTACK.toNanos(); System.nanoTime() < end; ) {
                    client.socket().send(many, ATTACK);
                }
            }
        },
        REFUSALS_WITH_LONG_TEXTS {
            @Override
            void run(RawClient client, int number) {
                for (int i = 0; i < 300; i++) {
                    offer(client, Message.call(SEEN, "/" + "x".repeat(1000) + number + "_" + i, "org.test.I", "M" + i)
                            .flags(Message.NO_REPLY_EXPECTED));
                }
            }
        };

        abstract void run(RawClient client, int number);

        boolean isBehindBegin() {
            return this == BYTES_BEHIND_BEGIN || needsDeafConnector();
        }

        boolean needsDeafConnector() {
            return this == BYTES_BEHIND_BEGIN_OF_A_DEAF_CONNECTOR || this == FILE_DESCRIPTORS_BEHIND_BEGIN_OF_A_DEAF_CONNECTOR;
        }

        static Message bus(String member, String signature, Object... arguments) {
            return Message.call(RawClient.BUS, RawClient.BUS_PATH, RawClient.BUS, member).body(signature, arguments)
                    .flags(Message.NO_REPLY_EXPECTED);
        }

        static void offer(RawClient client, Message message) {
            client.socket().send(message.serial(SERIAL.incrementAndGet()).toBytes(), GIVEN_UP);
        }
    }

    private static final AtomicInteger SERIAL = new AtomicInteger(100);

    private final ConcurrentLinkedQueue<RawClient> attackers = new ConcurrentLinkedQueue<>();

    private static AccessRule[] hostileRules() {
        return new AccessRule[] {talk(SILENT), see(SEEN),
            rule(AccessFlags.SEE | AccessFlags.OWN | AccessFlags.NAME_IS_SUBTREE, "org.test.Many")};
    }

    private void attack(Attack attack, ContainerServer server, int number) {
        try {
            if (attack.isBehindBegin()) {
                RawClient client = RawClient.open(server.socket());
                attackers.add(client);
                byte[] begin = ("\0AUTH EXTERNAL " + RawClient.hex(Integer.toString(Libc.LIBC.getuid())) + "\r\nNEGOTIATE_UNIX_FD\r\nBEGIN\r\n")
                        .getBytes(StandardCharsets.US_ASCII);
                int[] fds = new int[attack == Attack.FILE_DESCRIPTORS_BEHIND_BEGIN_OF_A_DEAF_CONNECTOR ? 250 : 0];
                Arrays.fill(fds, client.socket().fd());
                // with one read, as far as it goes
                client.socket().send(Arrays.copyOf(begin, fds.length > 0 ? 1000 : 300_000), GIVEN_UP, fds);
            } else {
                RawClient client = server.connect();
                attackers.add(client);
                attack.run(client, number);
            }
        } catch (IllegalStateException | ConnectionClosed hasGotItsShare) {
            // not read any more, or cut off
        }
    }

    /** A server with a connector of the app's that answers nothing. */
    private static ContainerServer deaf() {
        RawSocket[] pair = RawSocket.pair();
        HOUSE.keep(pair[0]);
        try (RawSocket helpers = pair[1]) {
            return HOUSE.helper().add("org.test.App", HelperApi.arguments(List.of(hostileRules()), "Connector", new Variant("h", 0)), helpers.fd());
        }
    }

    /** Has everybody attack, and the honest app call meanwhile. @return how long its slowest call took */
    private Duration measure(List<Attack> attacks) throws Exception {
        RawClient silent = HOUSE.service(SILENT);
        HOUSE.keep(new EchoService(HOUSE.bus(), ECHO));
        RawClient honest = HOUSE.app(talk(ECHO), rule(AccessFlags.TALK | AccessFlags.FDS, ECHO));
        List<ContainerServer> servers = new ArrayList<>();
        for (int i = 0; i < SERVERS; i++) {
            servers.add(attacks.stream().anyMatch(Attack::needsDeafConnector) && i % 2 == 0 ? deaf() : HOUSE.server(hostileRules()));
        }
        Duration slowest = Duration.ZERO;
        ExecutorService threads = Executors.newFixedThreadPool(SERVERS * CONNECTIONS / 2);
        try {
            List<Future<?>> under = new ArrayList<>();
            for (int i = 0; i < CONNECTIONS; i++) {
                for (int s = 0; s < SERVERS; s++) {
                    Attack attack = attacks.get((i + s) % attacks.size());
                    ContainerServer server = servers.get(s);
                    int number = i * SERVERS + s;
                    under.add(threads.submit(() -> attack(attack, server, number)));
                }
            }
            int calls = 0;
            long end = System.nanoTime() + ATTACK.toNanos();
            do {
                slowest = max(slowest, timed(() -> check(honest)));
                calls++;
            } while (!under.stream().allMatch(Future::isDone) && System.nanoTime() < end);
            slowest = max(slowest, timed(() -> check(honest)));
            RawClient late = HOUSE.app(talk(ECHO), rule(AccessFlags.TALK | AccessFlags.FDS, ECHO),
                    rule(AccessFlags.SEE | AccessFlags.OWN, "org.test.Late"));
            slowest = max(slowest, timed(() -> {
                for (int i = 0; i < 10; i++) {
                    late.match("type='signal',sender='" + ECHO + "',member='M" + i + "'");
                }
                late.own("org.test.Late");
                check(late);
            }));
            System.out.printf("%s: %d calls of the honest app meanwhile, the slowest took %d ms; %d of %d attackers connected%n",
                    attacks.size() == 1 ? attacks.get(0) : "all at once", calls, slowest.toMillis(), attackers.size(), SERVERS * CONNECTIONS);
        } finally {
            threads.shutdownNow();
            attackers.forEach(client -> client.socket().endSending());
            assertTrue(threads.awaitTermination(30, TimeUnit.SECONDS), "the attackers do not end");
            attackers.forEach(RawClient::close);
        }
        silent.close();
        servers.forEach(HOUSE.helper()::remove); // before their connectors go, which would end them too
        Duration afterwards = timed(() -> check(honest));
        System.out.printf("when they had gone, a call took %d ms%n", afterwards.toMillis());
        return max(slowest, afterwards);
    }

    private static Duration max(Duration one, Duration other) {
        return one.compareTo(other) > 0 ? one : other;
    }

    private static Duration timed(Runnable task) {
        long start = System.nanoTime();
        task.run();
        return Duration.ofNanos(System.nanoTime() - start);
    }

    /** A call with a file descriptor, its answer, and one to the bus. */
    private static void check(RawClient client) {
        int serial = client.send(Message.call(ECHO, "/", "org.test.I", "Do").body("h", 0).fds(client.socket().fd()));
        Message answer = client.await("an answer to the honest app", BOUND, message -> message.replySerial() == serial);
        assertEquals(Message.RETURN, answer.type(), answer.toString());
        for (int fd : answer.fds()) {
            Libc.LIBC.close(fd);
        }
        client.sync();
    }

    @ParameterizedTest
    @EnumSource
    void attack_onOneLimit_leavesTheHonestAppAnswered(Attack attack) throws Exception {
        Duration slowest = measure(List.of(attack));
        assertTrue(slowest.compareTo(BOUND) < 0, "a call took " + slowest);
        assertTrue(HOUSE.daemon().program().isAlive());
    }

    /** What launchers may make the helper keep is bounded in all, not for each server alone. */
    @Test
    void rulesOfManyServers_beyondTheMemoryForThem_areRefused() {
        HOUSE.keep(new EchoService(HOUSE.bus(), ECHO));
        RawClient honest = HOUSE.app(rule(AccessFlags.TALK | AccessFlags.FDS, ECHO));
        AccessRule[] rules = new AccessRule[1000];
        for (int i = 0; i < rules.length; i++) {
            rules[i] = talk("org.test.N" + i + "." + "x".repeat(200));
        }
        int made = 0;
        DBusError refusal = null;
        while (refusal == null && made < 100) {
            try {
                HOUSE.server(rules);
                made++;
            } catch (DBusError tooMuch) {
                refusal = tooMuch;
            }
        }
        System.out.printf("%d servers of 1,000 long rules fit%n", made);
        assertTrue(refusal != null && refusal.name().equals("org.freedesktop.DBus.Error.LimitsExceeded"), made + " servers were made, then " + refusal);
        assertTrue(refusal.getMessage().contains("memoryBytes"), refusal.getMessage());
        check(honest);
        HOUSE.server(talk(ECHO));
    }

    @Test
    void attack_onEveryLimitAtOnce_leavesTheHonestAppAnswered() throws Exception {
        Duration slowest = measure(List.of(Attack.values()));
        assertTrue(slowest.compareTo(BOUND) < 0, "a call took " + slowest);
        assertTrue(HOUSE.daemon().program().isAlive());
    }
}
