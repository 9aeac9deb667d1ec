package io.berth.dbus;

import java.util.Map;
import org.freedesktop.dbus.Tuple;
import org.freedesktop.dbus.annotations.Position;
import org.freedesktop.dbus.types.Variant;

/** What {@link Helper1#GetInstanceInfo} returns: {@code (a{sv} creator, s type, s app_id, a{sv} metadata)}. */
public final class InstanceInfo extends Tuple {
    @Position(0)
    private final Map<String, Variant<?>> creator;
    @Position(1)
    private final String type;
    @Position(2)
    private final String appId;
    @Position(3)
    private final Map<String, Variant<?>> metadata;

    public InstanceInfo(Map<String, Variant<?>> creator, String type, String appId, Map<String, Variant<?>> metadata) {
        this.creator = creator;
        this.type = type;
        this.appId = appId;
        this.metadata = metadata;
    }

    /** What the bus said of who made the server ({@code GetConnectionCredentials}). */
    public Map<String, Variant<?>> creator() {
        return creator;
    }

    public String type() {
        return type;
    }

    public String appId() {
        return appId;
    }

    public Map<String, Variant<?>> metadata() {
        return metadata;
    }
}
