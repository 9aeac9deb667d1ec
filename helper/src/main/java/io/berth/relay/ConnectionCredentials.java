package io.berth.relay;

import io.berth.wire.BodyReader;

/**
 * What a bus says about one connection ({@code GetConnectionCredentials} of the specification), as far as it matters here.
 *
 * @param process that has made it; 0 when the bus does not say
 * @param label   security label without its ending NUL; empty when the bus does not say
 */
record ConnectionCredentials(int process, String label) {
    static ConnectionCredentials read(BodyReader body) {
        int[] process = {0};
        String[] label = {""};
        body.dictionary((key, signature) -> {
            if (key.equals("ProcessID") && signature.equals("u")) {
                process[0] = body.uint32();
            } else if (key.equals("LinuxSecurityLabel") && signature.equals("ay")) {
                label[0] = SecurityLabel.text(body.bytes());
            } else {
                body.skip(signature);
            }
        });
        return new ConnectionCredentials(process[0], label[0]);
    }
}
