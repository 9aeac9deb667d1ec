package io.berth.wire;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Where a bus listens (specification, "Server Addresses"), of the transports only {@code unix:}.
 *
 * @param name       an absolute path, or an abstract name without its leading NUL
 * @param isAbstract whether it is in the abstract namespace
 * @param guid       32 hexadecimal digits that the bus must have; null when the address tells none
 */
public record BusAddress(String name, boolean isAbstract, String guid) {
    private static final String TRANSPORT = "unix:";
    /** sun_path without its NUL (unix(7)). */
    private static final int LONGEST_NAME = 107;

    /**
     * @param addresses        one address or several, separated by semicolons, to be tried in order
     * @param runtimeDirectory where {@code unix:runtime=yes} looks for {@code bus}; may be null
     * @return one or more
     * @throws IllegalArgumentException when one of them is malformed or of another transport; the message names it
     */
    public static List<BusAddress> parse(String addresses, String runtimeDirectory) {
        List<BusAddress> parsed = new ArrayList<>();
        for (String address : addresses.split(";")) { // one at the very end is allowed
            parsed.add(parseOne(address, runtimeDirectory));
        }
        if (parsed.isEmpty()) {
            throw refused(addresses, "it is empty");
        }
        return List.copyOf(parsed);
    }

    /** @param guid may be null */
    public static String format(String path, String guid) {
        return format(path, false, guid);
    }

    /**
     * @param name a path, or an abstract name without its leading NUL
     * @param guid may be null
     */
    public static String format(String name, boolean isAbstract, String guid) {
        return TRANSPORT + (isAbstract ? "abstract=" : "path=") + escape(name) + (guid == null ? "" : ",guid=" + guid);
    }

    /** Whether both lead to one socket now, which may have several paths. */
    public boolean isSamePlace(BusAddress other) {
        if (isAbstract != other.isAbstract) {
            return false;
        }
        try {
            return name.equals(other.name) || !isAbstract && Files.isSameFile(Path.of(name), Path.of(other.name));
        } catch (IOException nothingThere) {
            return false;
        }
    }

    static boolean isGuid(String text) {
        return text.length() == 32 && text.chars().allMatch(c -> Character.digit(c, 16) >= 0 && c < 0x80);
    }

    private static BusAddress parseOne(String address, String runtimeDirectory) {
        if (!address.startsWith(TRANSPORT)) {
            throw refused(address, "only unix: addresses are served");
        }
        Map<String, String> keys = keys(address);
        String guid = keys.remove("guid");
        if (guid != null && !isGuid(guid)) {
            throw refused(address, "its guid is not 32 hexadecimal digits");
        }
        if (keys.size() != 1) {
            throw refused(address, "expected exactly one of path, abstract and runtime");
        }
        String key = keys.keySet().iterator().next();
        String value = keys.get(key);
        BusAddress parsed = switch (key) {
            case "path" -> new BusAddress(value, false, guid);
            case "abstract" -> new BusAddress(value, true, guid);
            case "runtime" -> new BusAddress(inRuntimeDirectory(address, value, runtimeDirectory), false, guid);
            default -> throw refused(address, "unknown key " + key);
        };
        if (!parsed.isAbstract && !parsed.name.startsWith("/")) {
            throw refused(address, "its path is not absolute");
        }
        int length = parsed.name.getBytes(StandardCharsets.UTF_8).length;
        if (length > LONGEST_NAME || parsed.name.indexOf('\0') >= 0) {
            throw refused(address, "a socket's name has at most " + LONGEST_NAME + " bytes and no NUL");
        }
        return parsed;
    }

    private static String inRuntimeDirectory(String address, String value, String runtimeDirectory) {
        if (!value.equals("yes")) {
            throw refused(address, "runtime can only be yes");
        }
        if (runtimeDirectory == null) {
            throw refused(address, "there is no runtime directory (XDG_RUNTIME_DIR)");
        }
        return runtimeDirectory + "/bus";
    }

    private static Map<String, String> keys(String address) {
        Map<String, String> keys = new LinkedHashMap<>();
        for (String pair : address.substring(TRANSPORT.length()).split(",", -1)) {
            int equals = pair.indexOf('=');
            if (equals < 1 || equals == pair.length() - 1) {
                throw refused(address, "\"" + pair + "\" is not KEY=VALUE");
            }
            if (keys.put(pair.substring(0, equals), unescape(address, pair.substring(equals + 1))) != null) {
                throw refused(address, "key " + pair.substring(0, equals) + " twice");
            }
        }
        return keys;
    }

    private static String unescape(String address, String value) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        int at = 0;
        while (at < value.length()) {
            char c = value.charAt(at++);
            if (c == '%') {
                int high = at + 1 < value.length() ? Character.digit(value.charAt(at), 16) : -1;
                int low = at + 1 < value.length() ? Character.digit(value.charAt(at + 1), 16) : -1;
                if (high < 0 || low < 0) {
                    throw refused(address, "% without two hexadecimal digits");
                }
                bytes.write(high << 4 | low);
                at += 2;
            } else if (mayStandAlone(c) || c == '\\' || c == '*') {
                bytes.write(c);
            } else {
                throw refused(address, "character '" + c + "' is not escaped");
            }
        }
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes.toByteArray())).toString();
        } catch (CharacterCodingException invalid) {
            throw refused(address, "it is not UTF-8");
        }
    }

    private static String escape(String value) {
        StringBuilder escaped = new StringBuilder();
        for (byte b : value.getBytes(StandardCharsets.UTF_8)) {
            if (mayStandAlone((char) (b & 0xff))) {
                escaped.append((char) b);
            } else {
                escaped.append(String.format("%%%02x", b));
            }
        }
        return escaped.toString();
    }

    private static boolean mayStandAlone(char c) {
        return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c == '-' || c == '_' || c == '/' || c == '.';
    }

    private static IllegalArgumentException refused(String address, String reason) {
        return new IllegalArgumentException("bus address \"" + address + "\": " + reason);
    }
}
