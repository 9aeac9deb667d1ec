package io.berth.client;

import io.berth.api.AppId;
import java.util.List;
import java.util.Map;

/**
 * The app behind a confined connection, as {@code GetConnectionInstance} tells.
 *
 * @param app        container type and app identifier
 * @param serverPath object path of its container server
 * @param metadata   what the creator said about the instance; plain values (see {@link ServerStatus})
 * @param creator    credentials of who made the server
 */
public record ConfinedApp(AppId app, String serverPath, Map<String, Object> metadata, Map<String, Object> creator) {
    static ConfinedApp of(List<Object> reply) {
        return new ConfinedApp(new AppId((String) reply.get(2), (String) reply.get(3)), (String) reply.get(0),
                PlainValue.map(reply.get(4)), PlainValue.map(reply.get(1)));
    }
}
