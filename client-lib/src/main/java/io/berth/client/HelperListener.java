package io.berth.client;

import io.berth.api.AppId;
import java.util.Map;

/** Hears what the helper says to everybody. Called by one thread, in the order of the signals. */
public interface HelperListener {
    /** @param serverPath object path of the new server */
    void onServerAdded(String serverPath, AppId app);

    /** @param reason in the words of {@code ContainerServerRemoved} */
    void onServerRemoved(String serverPath, String reason);

    /** @param record the entries of {@code Audit}, plain */
    void onAudit(String serverPath, Map<String, Object> record);

    /** The helper has come to the bus, or a new one has taken over. */
    void onHelperAppeared();

    /** The helper has left the bus. */
    void onHelperVanished();
}
