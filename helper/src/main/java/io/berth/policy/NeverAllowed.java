package io.berth.policy;

import io.berth.wire.MessageHeader;
import java.nio.charset.StandardCharsets;

/** What no rule, mode or argument ever lets an app do. Methods of the bus driver are the driver filter's. */
public final class NeverAllowed {
    /** An app could name itself to the portals by it (flatpak/xdg-desktop-portal, host app registry). */
    private static final byte[] REGISTRY = "org.freedesktop.host.portal.Registry".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] REGISTER = "Register".getBytes(StandardCharsets.US_ASCII);

    private NeverAllowed() {
    }

    /** A call that registers the caller as some app; without INTERFACE its member alone tells. */
    public static boolean isAppRegistration(MessageHeader header) {
        return header.has(MessageHeader.INTERFACE)
                ? header.is(MessageHeader.INTERFACE, REGISTRY)
                : header.is(MessageHeader.MEMBER, REGISTER);
    }

    /** The helper's own names: an app that owned one could pose as the helper. */
    public static boolean isHelperName(String busName) {
        return NameSet.covers("io.berth", busName);
    }
}
