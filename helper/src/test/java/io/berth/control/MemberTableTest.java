package io.berth.control;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.berth.dbus.HelperName;
import io.berth.server.Creator;
import io.berth.server.Mode;
import io.berth.server.ServerInfo;
import io.berth.server.ServerState;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.xml.parsers.DocumentBuilderFactory;
import org.freedesktop.dbus.types.Variant;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** What the objects answer to and what their introspection says. */
class MemberTableTest {
    private final HelperMembers helper = new HelperMembers(null, null, new ControlSettings("1", Map.of(), 1, 1));
    private final StandardMembers standard = new StandardMembers(null, helper.properties());

    @Test
    void members_besideIntrospection_areTheSame() throws Exception {
        assertSame(HelperName.HELPER_INTERFACE, helper.members(), helper.properties());
        assertSame(HelperName.SERVER_INTERFACE, new ServerMembers(null, null).members(), ServerProperties.all(new ServerInfo("1", "t", "a",
                Map.of(), new Creator(":1.1", Map.of()), "session", "/x", "", ServerState.LISTENING, List.of(), List.of(), List.of(), "", true, Mode.ENFORCE,
                List.of(), List.of(), List.of(), 0, 0, 0)));
        assertSame(Introspection.INTROSPECTABLE, standard.introspectable(), Map.of());
        assertSame(Introspection.PEER, StandardMembers.peer(), Map.of());
        assertSame(Introspection.PROPERTIES, standard.properties(), Map.of());
        assertSame(Introspection.OBJECT_MANAGER, standard.objectManager(), Map.of());
    }

    private static void assertSame(String name, List<Member> members, Map<String, Variant<?>> properties) throws Exception {
        Map<String, String> served = new TreeMap<>();
        members.forEach(member -> served.put(member.name(), member.in() + " -> " + member.out()));
        properties.forEach((property, value) -> served.put("property " + property, value.getSig()));
        assertEquals(described(name), served);
    }

    private static Map<String, String> described(String name) throws Exception {
        String xml = new Introspection().describe(List.of(name), List.of("child"));
        xml = xml.substring(xml.indexOf("<node>"));
        Element root = DocumentBuilderFactory.newInstance().newDocumentBuilder()
                .parse(new ByteArrayInputStream(xml.getBytes(StandardCharsets.UTF_8))).getDocumentElement();
        assertEquals("child", elements(root, "node").get(0).getAttribute("name"));
        Map<String, String> members = new TreeMap<>();
        for (Element method : elements(root, "method")) {
            members.put(method.getAttribute("name"), signature(method, "in") + " -> " + signature(method, "out"));
        }
        for (Element property : elements(root, "property")) {
            members.put("property " + property.getAttribute("name"), property.getAttribute("type"));
        }
        return members;
    }

    private static String signature(Element method, String direction) {
        StringBuilder text = new StringBuilder();
        for (Element argument : elements(method, "arg")) {
            text.append(argument.getAttribute("direction").equals(direction) ? argument.getAttribute("type") : "");
        }
        return text.toString();
    }

    private static List<Element> elements(Element parent, String name) {
        NodeList all = parent.getElementsByTagName(name);
        List<Element> found = new ArrayList<>();
        for (int i = 0; i < all.getLength(); i++) {
            found.add((Element) all.item(i));
        }
        return found;
    }
}
