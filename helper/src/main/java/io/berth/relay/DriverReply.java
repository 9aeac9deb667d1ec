package io.berth.relay;

import io.berth.wire.BodyReader;
import io.berth.wire.MatchRule;
import io.berth.wire.MessageHeader;
import io.berth.wire.MessageWriter;
import java.util.List;

/** What becomes of the bus driver's reply to one call of the app's. */
interface DriverReply {
    Flow.Decision onReply(ConfinedConnection connection, MessageHeader header, BodyReader body);

    /** Passes as it is. */
    DriverReply PLAIN = (connection, header, body) -> Flow.Decision.FORWARD;

    /** Carries the connection's name. */
    DriverReply HELLO = (connection, header, body) -> {
        if (header.type() == MessageHeader.METHOD_RETURN) {
            connection.onNamed(body.string());
        } else {
            connection.relay().loop().execute(() -> connection.close("the bus refuses Hello"));
        }
        return Flow.Decision.FORWARD;
    };

    /** A list of names, of which the app gets those that it sees. */
    DriverReply NAMES = (connection, header, body) -> {
        if (header.type() != MessageHeader.METHOD_RETURN) {
            return Flow.Decision.FORWARD;
        }
        List<String> seen = body.strings().stream().filter(connection::sees).toList();
        return connection.incoming().replace(MessageWriter.methodReturn(header.serial(), header.replySerial(), connection.uniqueName())
                .sender(Bus.NAME).strings(seen).toBytes());
    };

    /** The bus may refuse a match rule that was counted already. */
    static DriverReply match(OwnMatches matches, String rule) {
        return (connection, header, body) -> {
            if (header.type() == MessageHeader.ERROR) {
                matches.remove(MatchRule.parse(rule));
            }
            return Flow.Decision.FORWARD;
        };
    }
}
