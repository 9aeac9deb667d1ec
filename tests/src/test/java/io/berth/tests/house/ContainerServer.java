package io.berth.tests.house;

import io.berth.tests.raw.RawClient;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/**
 * A container server as its creator sees it.
 *
 * @param object  its object path
 * @param socket  where apps connect
 * @param address the same as a D-Bus address
 */
public record ContainerServer(String object, Path socket, String address) {
    static ContainerServer of(List<Object> reply) {
        byte[] path = (byte[]) reply.get(1);
        int length = path.length > 0 && path[path.length - 1] == 0 ? path.length - 1 : path.length;
        return new ContainerServer((String) reply.get(0), Path.of(new String(path, 0, length, StandardCharsets.UTF_8)),
                (String) reply.get(2));
    }

    /** A new client in the container, named. The caller closes it. */
    public RawClient connect() {
        return RawClient.connect(socket);
    }
}
