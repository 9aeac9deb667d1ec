package io.berth.control;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Paths as they come in D-Bus messages: bytes, perhaps with a NUL at the end. */
final class PathArgument {
    /** sun_path of unix(7), without the NUL: no client could connect to a longer one. */
    private static final int LONGEST_SOCKET = 107;
    /** PATH_MAX of limits.h, without the NUL. */
    private static final int LONGEST = 4095;

    private PathArgument() {
    }

    /**
     * Any absolute path.
     *
     * @param what  its name, for errors
     * @param value byte[], or a list of bytes
     */
    static String read(String what, Object value) {
        String path = text(what, value);
        if (!path.startsWith("/")) {
            throw ControlException.invalid(what + " is '" + path + "', expected an absolute path");
        }
        return path;
    }

    /** Where a socket is to be mounted: absolute, and every component the name of something. */
    static String readTarget(Object value) {
        String path = read("target", value);
        for (String name : path.substring(1).split("/", -1)) {
            if (name.isEmpty() || name.equals(".") || name.equals("..")) {
                throw ControlException.invalid("target is '" + path + "', expected an absolute path without empty components, '.' and '..'");
            }
        }
        if (path.getBytes(StandardCharsets.UTF_8).length > LONGEST_SOCKET) {
            throw ControlException.invalid("target has " + path.getBytes(StandardCharsets.UTF_8).length + " bytes; clients can connect to sockets"
                    + " with at most " + LONGEST_SOCKET);
        }
        return path;
    }

    static boolean isEmpty(Object value) {
        return bytes(value).length == 0;
    }

    private static String text(String what, Object value) {
        byte[] bytes = bytes(value);
        int length = bytes.length > 0 && bytes[bytes.length - 1] == 0 ? bytes.length - 1 : bytes.length;
        if (length > LONGEST) {
            throw ControlException.invalid(what + " has " + length + " bytes, expected at most " + LONGEST);
        }
        try {
            String path = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, 0, length)).toString();
            if (path.indexOf('\0') >= 0) {
                throw ControlException.invalid(what + " has a NUL inside");
            }
            return path;
        } catch (CharacterCodingException notUtf8) {
            throw ControlException.invalid(what + " is not valid UTF-8");
        }
    }

    private static byte[] bytes(Object value) {
        if (value instanceof byte[] bytes) {
            return bytes;
        }
        List<?> list = (List<?>) value;
        byte[] bytes = new byte[list.size()];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (Byte) list.get(i);
        }
        return bytes;
    }
}
