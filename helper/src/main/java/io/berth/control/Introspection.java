package io.berth.control;

import io.berth.dbus.HelperName;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Introspection data of our objects: our own interfaces from the XML that ships with the client library, the standard
 * ones from here (D-Bus Specification, "Standard Interfaces").
 */
final class Introspection {
    static final String INTROSPECTABLE = "org.freedesktop.DBus.Introspectable";
    static final String PEER = "org.freedesktop.DBus.Peer";
    static final String PROPERTIES = "org.freedesktop.DBus.Properties";
    static final String OBJECT_MANAGER = "org.freedesktop.DBus.ObjectManager";

    private static final String HEAD = """
            <!DOCTYPE node PUBLIC "-//freedesktop//DTD D-BUS Object Introspection 1.0//EN"
             "http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd">
            <node>
            """;
    private static final Map<String, String> STANDARD = Map.of(INTROSPECTABLE, """
              <interface name="org.freedesktop.DBus.Introspectable">
                <method name="Introspect">
                  <arg name="xml_data" type="s" direction="out"/>
                </method>
              </interface>
            """, PEER, """
              <interface name="org.freedesktop.DBus.Peer">
                <method name="Ping"/>
                <method name="GetMachineId">
                  <arg name="machine_uuid" type="s" direction="out"/>
                </method>
              </interface>
            """, PROPERTIES, """
              <interface name="org.freedesktop.DBus.Properties">
                <method name="Get">
                  <arg name="interface_name" type="s" direction="in"/>
                  <arg name="property_name" type="s" direction="in"/>
                  <arg name="value" type="v" direction="out"/>
                </method>
                <method name="GetAll">
                  <arg name="interface_name" type="s" direction="in"/>
                  <arg name="properties" type="a{sv}" direction="out"/>
                </method>
                <method name="Set">
                  <arg name="interface_name" type="s" direction="in"/>
                  <arg name="property_name" type="s" direction="in"/>
                  <arg name="value" type="v" direction="in"/>
                </method>
                <signal name="PropertiesChanged">
                  <arg name="interface_name" type="s"/>
                  <arg name="changed_properties" type="a{sv}"/>
                  <arg name="invalidated_properties" type="as"/>
                </signal>
              </interface>
            """, OBJECT_MANAGER, """
              <interface name="org.freedesktop.DBus.ObjectManager">
                <method name="GetManagedObjects">
                  <arg name="objects" type="a{oa{sa{sv}}}" direction="out"/>
                </method>
                <signal name="InterfacesAdded">
                  <arg name="object" type="o"/>
                  <arg name="interfaces" type="a{sa{sv}}"/>
                </signal>
                <signal name="InterfacesRemoved">
                  <arg name="object" type="o"/>
                  <arg name="interfaces" type="as"/>
                </signal>
              </interface>
            """);

    private final Map<String, String> loaded = new ConcurrentHashMap<>(STANDARD);

    /** @param children names of the nodes below, each one element of a path */
    String describe(List<String> interfaces, List<String> children) {
        StringBuilder text = new StringBuilder(HEAD);
        for (String name : interfaces) {
            text.append(loaded.computeIfAbsent(name, Introspection::load));
        }
        for (String child : children) {
            text.append("  <node name=\"").append(child).append("\"/>\n");
        }
        return text.append("</node>\n").toString();
    }

    private static String load(String interfaceName) {
        try (InputStream file = HelperName.class.getResourceAsStream(interfaceName + ".xml")) {
            String text = new String(file.readAllBytes(), StandardCharsets.UTF_8);
            String end = "</interface>";
            return "  " + text.substring(text.indexOf("<interface"), text.indexOf(end) + end.length()) + "\n";
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }
}
