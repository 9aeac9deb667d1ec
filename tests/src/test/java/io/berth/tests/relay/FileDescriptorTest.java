package io.berth.tests.relay;

import static io.berth.api.AccessFlags.CALL;
import static io.berth.api.AccessFlags.FDS;
import static io.berth.api.AccessFlags.PATH_IS_SUBTREE;
import static io.berth.api.AccessFlags.RECEIVE_FDS;
import static io.berth.api.AccessFlags.SEND_FDS;
import static io.berth.api.AccessFlags.TALK;
import static io.berth.tests.house.Rules.rule;
import static io.berth.tests.house.Rules.talk;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.berth.api.AccessRule;
import io.berth.tests.house.Barrier;
import io.berth.tests.house.ContainerServer;
import io.berth.tests.house.Descriptors;
import io.berth.tests.house.TestHouse;
import io.berth.tests.raw.Message;
import io.berth.tests.raw.RawClient;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** File descriptors pass with SEND_FDS and RECEIVE_FDS, the right ones, and not without; a refusal tells whoever waits. */
class FileDescriptorTest {
    private static final String NAME = "org.test.Service";
    private static final String DENIED = "org.freedesktop.DBus.Error.AccessDenied";

    @RegisterExtension
    static final TestHouse HOUSE = new TestHouse();

    private RawClient service;
    private RawClient app;
    private Barrier barrier;
    private int[] pipe;

    @BeforeEach
    void open() {
        service = HOUSE.service(NAME);
        pipe = Descriptors.pipe();
    }

    @AfterEach
    void close() {
        Descriptors.close(pipe);
    }

    private void connect(AccessRule... rules) {
        ContainerServer server = HOUSE.server(rules);
        app = HOUSE.app(server);
        barrier = new Barrier(app, HOUSE.app(server), HOUSE.unconfined());
    }

    private Message withFd(Message message) {
        return message.body("h", 0).fds(pipe[1]);
    }

    private void checkFd(Message arrived) {
        assertEquals(1, arrived.fds().length);
        Descriptors.write(arrived.fds()[0], 77);
        assertEquals(77, Descriptors.read(pipe[0]));
        Descriptors.close(arrived.fds());
    }

    @Test
    void callSignalAndReply_outgoingWithSendFds_carryTheFile() {
        connect(rule(TALK | SEND_FDS, NAME));
        app.send(withFd(Message.call(NAME, "/", "org.test.I", "Do")));
        checkFd(service.awaitCall("Do"));
        app.send(withFd(Message.signal(NAME, "/", "org.test.I", "Told")));
        checkFd(service.awaitSignal("Told"));
        int serial = service.send(Message.call(app.uniqueName(), "/", "org.test.I", "Ask"));
        Message call = app.awaitCall("Ask");
        app.send(withFd(Message.reply(call.sender(), call.serial())));
        checkFd(service.await("reply", message -> message.replySerial() == serial));
    }

    @Test
    void callSignalAndReply_outgoingWithoutSendFds_areRefused() {
        connect(rule(TALK | RECEIVE_FDS, NAME));
        assertEquals(DENIED, app.answer(withFd(Message.call(NAME, "/", "org.test.I", "Do"))).errorName());
        app.send(withFd(Message.signal(NAME, "/", "org.test.I", "Told")));
        assertEquals(List.of(), barrier.sentTo(service));
        int serial = service.send(Message.call(app.uniqueName(), "/", "org.test.I", "Ask"));
        Message call = app.awaitCall("Ask");
        app.send(withFd(Message.reply(call.sender(), call.serial())));
        Message answer = service.await("an error", message -> message.replySerial() == serial);
        assertEquals(DENIED, answer.errorName());
        assertEquals(0, answer.fds().length);
    }

    @Test
    void callSignalBroadcastAndReply_incomingWithReceiveFds_carryTheFile() {
        connect(rule(TALK | RECEIVE_FDS, NAME));
        app.match("type='signal'");
        service.send(withFd(Message.call(app.uniqueName(), "/", "org.test.I", "Ask").flags(Message.NO_REPLY_EXPECTED)));
        checkFd(app.awaitCall("Ask"));
        service.send(withFd(Message.signal(app.uniqueName(), "/", "org.test.I", "Told")));
        checkFd(app.awaitSignal("Told"));
        service.send(withFd(Message.signal(null, "/", "org.test.I", "Broadcast")));
        checkFd(app.awaitSignal("Broadcast"));
        int serial = app.send(Message.call(NAME, "/", "org.test.I", "Do"));
        Message call = service.awaitCall("Do");
        service.send(withFd(Message.reply(call.sender(), call.serial())));
        checkFd(app.await("reply", message -> message.replySerial() == serial));
    }

    @Test
    void callSignalBroadcastAndReply_incomingWithoutReceiveFds_areRefused() {
        connect(rule(TALK | SEND_FDS, NAME));
        app.match("type='signal'");
        assertEquals(DENIED, service.answer(withFd(Message.call(app.uniqueName(), "/", "org.test.I", "Ask"))).errorName());
        service.send(withFd(Message.signal(app.uniqueName(), "/", "org.test.I", "Told")));
        service.send(withFd(Message.signal(null, "/", "org.test.I", "Broadcast")));
        assertEquals(List.of(), barrier.received(service));
        int serial = app.send(Message.call(NAME, "/", "org.test.I", "Do"));
        Message call = service.awaitCall("Do");
        service.send(withFd(Message.reply(call.sender(), call.serial())));
        Message answer = app.await("an error", message -> message.replySerial() == serial);
        assertEquals(DENIED, answer.errorName());
        assertEquals(0, answer.fds().length);
    }

    @Test
    void sendFds_forOneInterface_doesNotHoldForAnother() {
        connect(talk(NAME), new AccessRule(CALL | SEND_FDS | PATH_IS_SUBTREE, NAME, "/", "org.test.Files"));
        assertEquals(DENIED, app.answer(withFd(Message.call(NAME, "/", "org.test.I", "Do"))).errorName());
        app.send(withFd(Message.call(NAME, "/", "org.test.Files", "Do")));
        checkFd(service.awaitCall("Do"));
    }

    @Test
    void sixteenFds_inOneMessage_arriveInTheirOrder() {
        connect(rule(TALK | FDS, NAME));
        int[] read = new int[16];
        int[] write = new int[16];
        for (int i = 0; i < 16; i++) {
            int[] ends = Descriptors.pipe();
            read[i] = ends[0];
            write[i] = ends[1];
        }
        int serial = app.send(Message.call(NAME, "/", "org.test.I", "Do").body("ah", List.of(0, 15)).fds(write));
        Message call = service.awaitCall("Do");
        service.send(Message.reply(call.sender(), call.serial()).body("h", 0).fds(call.fds()));
        Message reply = app.await("reply", message -> message.replySerial() == serial);
        assertEquals(16, reply.fds().length);
        for (int i = 0; i < 16; i++) {
            Descriptors.write(reply.fds()[i], i);
        }
        for (int i = 0; i < 16; i++) {
            assertEquals(i, Descriptors.read(read[i]));
        }
        Descriptors.close(read);
        Descriptors.close(write);
        Descriptors.close(call.fds());
        Descriptors.close(reply.fds());
    }

    @Test
    void refusedAndAllowed_mixed_eachFileStaysWithItsMessage() {
        connect(rule(TALK | FDS, NAME));
        HOUSE.service("org.test.Hidden");
        for (int round = 0; round < 50; round++) {
            app.send(Message.call("org.test.Hidden", "/", "org.test.I", "Do").flags(Message.NO_REPLY_EXPECTED).body("h", 0).fds(pipe[0]));
            app.send(Message.call(NAME, "/", "org.test.I", "None").flags(Message.NO_REPLY_EXPECTED));
            app.send(withFd(Message.call(NAME, "/", "org.test.I", "Do").flags(Message.NO_REPLY_EXPECTED)));
        }
        for (int round = 0; round < 50; round++) {
            assertEquals(0, service.awaitCall("None").fds().length);
            checkFd(service.awaitCall("Do"));
        }
    }

    @Test
    void clientWithoutNegotiation_getsNoFds() {
        ContainerServer server = HOUSE.server(rule(TALK | FDS, NAME));
        RawClient plain = HOUSE.keep(RawClient.open(server.socket()));
        plain.sendText("\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n");
        plain.readLine();
        plain.readLine();
        plain.hello();
        Message answer = service.answer(withFd(Message.call(plain.uniqueName(), "/", "org.test.I", "Ask")));
        assertEquals(Message.ERROR, answer.type());
        plain.sync();
    }

    @Test
    void replyWithFd_sendFdsRevokedSinceTheCall_isAnError() {
        ContainerServer server = HOUSE.server(rule(TALK | FDS, NAME));
        app = HOUSE.app(server);
        int serial = service.send(Message.call(app.uniqueName(), "/", "org.test.I", "Ask"));
        Message call = app.awaitCall("Ask");
        HOUSE.helper().setAccess(server, rule(TALK | RECEIVE_FDS, NAME));
        app.send(withFd(Message.reply(call.sender(), call.serial())));
        Message answer = service.await("an answer", message -> message.replySerial() == serial);
        assertEquals(DENIED, answer.errorName());
        assertEquals(0, answer.fds().length);
    }

    @Test
    void replyWithFd_receiveFdsRevokedSinceTheCall_isAnError() {
        ContainerServer server = HOUSE.server(rule(TALK | FDS, NAME));
        app = HOUSE.app(server);
        int serial = app.send(Message.call(NAME, "/", "org.test.I", "Do"));
        Message call = service.awaitCall("Do");
        HOUSE.helper().setAccess(server, rule(TALK | SEND_FDS, NAME));
        service.send(withFd(Message.reply(call.sender(), call.serial())));
        Message answer = app.await("an answer", message -> message.replySerial() == serial);
        assertEquals(DENIED, answer.errorName());
        assertEquals(0, answer.fds().length);
    }

    @Test
    void replyWithFd_toACallThatWasNotAllowedTo_isAnErrorThoughOthersMay() {
        connect(talk(NAME), new AccessRule(CALL | FDS | PATH_IS_SUBTREE, NAME, "/", "org.test.Files"));
        int asked = service.send(Message.call(app.uniqueName(), "/", "org.test.I", "Ask"));
        Message question = app.awaitCall("Ask");
        app.send(withFd(Message.reply(question.sender(), question.serial())));
        Message answer = service.await("an answer", message -> message.replySerial() == asked);
        assertEquals(DENIED, answer.errorName());
        assertEquals(0, answer.fds().length);
        int serial = app.send(Message.call(NAME, "/", "org.test.I", "Do"));
        Message call = service.awaitCall("Do");
        service.send(withFd(Message.reply(call.sender(), call.serial())));
        answer = app.await("an answer", message -> message.replySerial() == serial);
        assertEquals(DENIED, answer.errorName());
        assertEquals(0, answer.fds().length);
    }

    @Test
    void broadcastWithFd_withoutSendFdsOnEveryName_reachesNobody() {
        connect(rule(TALK | FDS, NAME), talk(""));
        service.match("type='signal',interface='org.test.I'");
        app.send(withFd(Message.signal(null, "/", "org.test.I", "Told")));
        app.send(Message.signal(null, "/", "org.test.I", "Plain"));
        assertEquals(List.of("Plain"), barrier.sentTo(service).stream().map(Message::member).toList());
    }

    private static Path file(int fd) throws IOException {
        return Files.readSymbolicLink(Path.of("/proc/self/fd/" + fd));
    }

    @Test
    void messagesWithFds_inOneWrite_eachKeepsItsFile() throws IOException {
        connect(rule(TALK | FDS, NAME));
        int[] second = Descriptors.pipe();
        ByteArrayOutputStream together = new ByteArrayOutputStream();
        together.writeBytes(Message.call(NAME, "/", "org.test.I", "None").flags(Message.NO_REPLY_EXPECTED).serial(900).toBytes());
        together.writeBytes(Message.call(NAME, "/", "org.test.I", "Do").flags(Message.NO_REPLY_EXPECTED).serial(901).body("h", 0).fds(pipe[1]).toBytes());
        together.writeBytes(Message.call(NAME, "/", "org.test.I", "Other").flags(Message.NO_REPLY_EXPECTED).serial(902).body("h", 0).fds(second[1])
                .toBytes());
        app.sendBytes(together.toByteArray(), pipe[1], second[1]);
        assertEquals(0, service.awaitCall("None").fds().length);
        for (Message arrived : List.of(service.awaitCall("Do"), service.awaitCall("Other"))) {
            int sent = arrived.is(Message.CALL, "Do") ? pipe[1] : second[1];
            assertEquals(file(sent), file(arrived.fds()[0]), arrived.toString());
            Descriptors.close(arrived.fds());
        }
        Descriptors.close(second);
    }

    /** More than sendmsg(2) takes: it could not be sent on. */
    @Test
    void message_withMoreFdsThanOneMessageMayHave_endsItsConnection() {
        ContainerServer server = HOUSE.server(rule(TALK | FDS, NAME));
        RawClient app = HOUSE.app(server);
        int[] half = new int[150];
        Arrays.fill(half, app.socket().fd());
        int[] all = new int[300];
        Arrays.fill(all, app.socket().fd());
        byte[] bytes = Message.call(NAME, "/", "org.test.I", "Do").fds(all).serial(9).toBytes();
        app.socket().send(Arrays.copyOf(bytes, 20), RawClient.PATIENCE, half);
        app.socket().send(Arrays.copyOfRange(bytes, 20, bytes.length), RawClient.PATIENCE, half);
        app.awaitClose();
        Awaitility.await().until(() -> HOUSE.daemon().program().errors().contains("header says 300 file descriptors, at most 253"));
        HOUSE.app(server).sync();
    }

    /** Each of them is answered by an error, which has to wait until the app's message has ended. */
    @Test
    void callsWithFds_whileTheAppSendsALongMessage_doNotHaveItCutOff() {
        RawClient app = HOUSE.app(rule(TALK, NAME));
        byte[] bytes = Message.call(NAME, "/", "org.test.I", "Long").flags(Message.NO_REPLY_EXPECTED).body("ay", new byte[1 << 20]).serial(9).toBytes();
        app.sendBytes(Arrays.copyOf(bytes, bytes.length / 2));
        for (int i = 0; i < 200; i++) {
            service.send(Message.call(app.uniqueName(), "/", "org.test.I", "Take").body("h", 0).fds(service.socket().fd()));
        }
        service.send(Message.call(app.uniqueName(), "/", "org.test.I", "Last"));
        app.awaitCall("Last");
        app.sendBytes(Arrays.copyOfRange(bytes, bytes.length / 2, bytes.length));
        assertEquals(1 << 20, ((byte[]) service.awaitCall("Long").arg()).length);
        app.sync();
    }
}
