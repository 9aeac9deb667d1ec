package io.berth.control;

import io.berth.dbus.HelperName;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Map;
import org.freedesktop.dbus.FileDescriptor;
import org.freedesktop.dbus.types.Variant;

/**
 * What a creator may attach to a server: any values but file descriptors, up to a size. Kept and shown, never
 * interpreted.
 */
final class Metadata {
    /** What padding, lengths and signatures add to one value at most, roughly. */
    private static final int OVERHEAD = 8;

    private Metadata() {
    }

    /** @param largest bytes that keys and values may have, each value counted with 8 more @throws ControlException otherwise */
    static void check(Map<String, Variant<?>> metadata, int largest) {
        long size = size(metadata);
        if (size > largest) {
            throw new ControlException(HelperName.LIMITS_EXCEEDED, "metadata of more than " + largest + " bytes");
        }
    }

    private static long size(Object value) {
        long size = OVERHEAD;
        if (value instanceof FileDescriptor) {
            throw ControlException.invalid("metadata may not hold file descriptors");
        } else if (value instanceof Variant<?> variant) {
            size += variant.getSig().length() + size(variant.getValue());
        } else if (value instanceof Map<?, ?> map) {
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                size += size(entry.getKey()) + size(entry.getValue());
            }
        } else if (value instanceof byte[] bytes) {
            size += bytes.length;
        } else if (value instanceof Collection<?> collection) {
            for (Object element : collection) {
                size += element instanceof Byte ? 1 : size(element);
            }
        } else if (value instanceof Object[] fields) {
            for (Object field : fields) {
                size += size(field);
            }
        } else if (value instanceof String text) {
            size += text.getBytes(StandardCharsets.UTF_8).length;
        } else if (!(value instanceof Number || value instanceof Boolean)) {
            size += value.toString().length();
        }
        return size;
    }
}
