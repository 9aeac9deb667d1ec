package io.berth.transport;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.freedesktop.dbus.connections.BusAddress;

/**
 * Where a message bus listens: a unix socket, read from a server address (D-Bus Specification, "Server Addresses").
 * Other transports carry no file descriptors and are refused.
 *
 * @param name       a path, or an abstract name without its leading NUL
 * @param isAbstract whether it lives in the abstract namespace
 * @param guid       what the bus calls itself; empty when the address does not say
 */
public record BusLocation(String name, boolean isAbstract, String guid) {
    /** Where the system bus is when nothing else is said. */
    private static final String SYSTEM_BUS = "unix:path=/run/dbus/system_bus_socket";

    /**
     * @param address one or more server addresses with {@code ;} between them
     * @return at least one location, in the order in which they are to be tried
     * @throws IllegalArgumentException when none of them is a unix socket to connect to, or one is malformed
     */
    public static List<BusLocation> parse(String address) {
        List<BusLocation> found = new ArrayList<>();
        for (String entry : address.split(";")) {
            if (entry.startsWith("unix:")) {
                found.add(parseUnix(entry));
            }
        }
        if (found.isEmpty()) {
            throw new IllegalArgumentException("bus address '" + address + "' has no unix: transport");
        }
        return found;
    }

    /**
     * The session bus: DBUS_SESSION_BUS_ADDRESS, else the socket {@code bus} in XDG_RUNTIME_DIR.
     *
     * @throws IllegalArgumentException when there is neither, with a text that says so
     */
    public static List<BusLocation> session(Map<String, String> environment) {
        String address = environment.getOrDefault("DBUS_SESSION_BUS_ADDRESS", "");
        if (!address.isEmpty()) {
            return parse(address);
        }
        String runtime = environment.getOrDefault("XDG_RUNTIME_DIR", "");
        if (!runtime.isEmpty() && Files.exists(Path.of(runtime, "bus"))) {
            return List.of(new BusLocation(runtime + "/bus", false, ""));
        }
        throw new IllegalArgumentException("no session bus: DBUS_SESSION_BUS_ADDRESS is not set and there is no socket "
                + (runtime.isEmpty() ? "bus in XDG_RUNTIME_DIR, which is not set either" : runtime + "/bus"));
    }

    /** The system bus: DBUS_SYSTEM_BUS_ADDRESS, else its well-known socket. */
    public static List<BusLocation> system(Map<String, String> environment) {
        String address = environment.getOrDefault("DBUS_SYSTEM_BUS_ADDRESS", "");
        return parse(address.isEmpty() ? SYSTEM_BUS : address);
    }

    /**
     * An address that only {@link UnixFdTransport} answers for, for {@code DBusConnectionBuilder.forAddress}. The plain
     * {@code unix:} of dbus-java may belong to a transport that drops file descriptors, and there can be only one.
     */
    public BusAddress toBusAddress() {
        BusAddress address = BusAddress.of(UnixFdTransportProvider.BUS_TYPE + ":" + (isAbstract ? "abstract=" : "path=")
                + escape(name));
        if (!guid.isEmpty()) {
            address.addParameter("guid", guid);
        }
        return address;
    }

    /** Reads what {@link #toBusAddress} wrote. */
    static BusLocation of(BusAddress address) {
        String path = address.getParameterValue("path");
        String name = path != null ? path : address.getParameterValue("abstract");
        if (name == null) {
            throw new IllegalArgumentException("bus address '" + address + "' has neither path nor abstract");
        }
        return new BusLocation(unescape(name), path == null, address.getParameterValue("guid", ""));
    }

    private static BusLocation parseUnix(String entry) {
        Map<String, String> values = new TreeMap<>();
        for (String pair : entry.substring("unix:".length()).split(",")) {
            int equals = pair.indexOf('=');
            if (equals < 1) {
                throw new IllegalArgumentException("bus address '" + entry + "': '" + pair + "' is not key=value");
            }
            if (values.put(pair.substring(0, equals), unescape(pair.substring(equals + 1))) != null) {
                throw new IllegalArgumentException("bus address '" + entry + "' has two values of "
                        + pair.substring(0, equals));
            }
        }
        String guid = values.getOrDefault("guid", "");
        if (values.containsKey("path") == values.containsKey("abstract")) {
            throw new IllegalArgumentException("bus address '" + entry + "' must have either path or abstract");
        }
        String name = values.getOrDefault("path", values.get("abstract"));
        if (name.isEmpty() || name.indexOf('\0') >= 0 || values.containsKey("path") && !name.startsWith("/")) {
            throw new IllegalArgumentException("bus address '" + entry + "': expected an absolute path, or the name of an"
                    + " abstract socket without NUL");
        }
        return values.containsKey("path") ? new BusLocation(values.get("path"), false, guid)
                : new BusLocation(values.get("abstract"), true, guid);
    }

    private static String unescape(String value) {
        if (value.indexOf('%') < 0) {
            return value;
        }
        byte[] escaped = value.getBytes(StandardCharsets.UTF_8);
        ByteBuffer plain = ByteBuffer.allocate(escaped.length);
        for (int i = 0; i < escaped.length; i++) {
            if (escaped[i] != '%') {
                plain.put(escaped[i]);
                continue;
            }
            int high = i + 2 < escaped.length ? Character.digit(escaped[i + 1], 16) : -1;
            int low = i + 2 < escaped.length ? Character.digit(escaped[i + 2], 16) : -1;
            if (high < 0 || low < 0) {
                throw new IllegalArgumentException("bus address value '" + value + "': % must be followed by two hex digits");
            }
            plain.put((byte) (high << 4 | low));
            i += 2;
        }
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(plain.flip()).toString();
        } catch (CharacterCodingException notText) {
            throw new IllegalArgumentException("bus address value '" + value + "' is not UTF-8", notText);
        }
    }

    private static String escape(String value) {
        StringBuilder text = new StringBuilder();
        for (byte octet : value.getBytes(StandardCharsets.UTF_8)) {
            boolean plain = octet >= '0' && octet <= '9' || octet >= 'a' && octet <= 'z' || octet >= 'A' && octet <= 'Z'
                    || octet == '-' || octet == '_' || octet == '/' || octet == '.' || octet == '\\' || octet == '*';
            if (plain) {
                text.append((char) octet);
            } else {
                text.append('%').append(Character.forDigit(octet >> 4 & 15, 16)).append(Character.forDigit(octet & 15, 16));
            }
        }
        return text.toString();
    }

    /** As a server address. */
    @Override
    public String toString() {
        return (isAbstract ? "unix:abstract=" : "unix:path=") + escape(name) + (guid.isEmpty() ? "" : ",guid=" + guid);
    }
}
