package io.berth.client;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.freedesktop.dbus.Container;
import org.freedesktop.dbus.DBusPath;
import org.freedesktop.dbus.types.Variant;

/**
 * D-Bus values without D-Bus types: variants opened, integers as Long, paths as String, arrays and structs as List,
 * dictionaries as Map in their order. File descriptors stay what they are.
 */
final class PlainValue {
    private PlainValue() {
    }

    /** @param values of a message, null for none */
    @SuppressWarnings("unchecked")
    static List<Object> list(Object[] values) {
        return values == null ? List.of() : (List<Object>) of(values);
    }

    static Object of(Object value) {
        if (value instanceof Variant<?> variant) {
            return of(variant.getValue());
        }
        if (value instanceof DBusPath path) {
            return path.getPath();
        }
        if (value instanceof Double || value instanceof Float) {
            return ((Number) value).doubleValue();
        }
        if (value instanceof Number number) {
            return number.longValue();
        }
        if (value instanceof byte[] bytes) {
            List<Object> list = new ArrayList<>(bytes.length);
            for (byte octet : bytes) {
                list.add((long) (octet & 0xff));
            }
            return list;
        }
        if (value instanceof Object[] array) {
            return of(List.of(array));
        }
        if (value instanceof Container container) {
            return of(container.getParameters());
        }
        if (value instanceof Collection<?> collection) {
            List<Object> list = new ArrayList<>(collection.size());
            for (Object element : collection) {
                list.add(element instanceof Byte octet ? (long) (octet & 0xff) : of(element));
            }
            return list;
        }
        if (value instanceof Map<?, ?> map) {
            Map<String, Object> plain = new LinkedHashMap<>();
            map.forEach((key, element) -> plain.put(String.valueOf(of(key)), of(element)));
            return plain;
        }
        return value;
    }

    /** The text of an {@code ay} that {@link #of} has made plain. */
    static String text(Object plain) {
        List<?> octets = (List<?>) plain;
        byte[] bytes = new byte[octets.size()];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = ((Number) octets.get(i)).byteValue();
        }
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** An {@code a{s…}} that {@link #of} has made plain. */
    @SuppressWarnings("unchecked")
    static Map<String, Object> map(Object plain) {
        return (Map<String, Object>) plain;
    }
}
