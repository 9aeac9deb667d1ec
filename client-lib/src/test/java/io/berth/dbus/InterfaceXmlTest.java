package io.berth.dbus;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.InputStream;
import java.io.StringReader;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import org.freedesktop.dbus.Marshalling;
import org.freedesktop.dbus.Tuple;
import org.freedesktop.dbus.annotations.DBusBoundProperty;
import org.freedesktop.dbus.messages.DBusSignal;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

/** The XML that ships and the Java interfaces say the same. */
class InterfaceXmlTest {
    @Test
    void helperXml_besideItsInterface_saysTheSame() throws Exception {
        assertEquals(javaMembers(Helper1.class), xmlMembers("io.berth.Helper1"));
    }

    @Test
    void serverXml_besideItsInterface_saysTheSame() throws Exception {
        assertEquals(javaMembers(Server1.class), xmlMembers("io.berth.Server1"));
    }

    private static Map<String, String> xmlMembers(String name) throws Exception {
        DocumentBuilder builder = DocumentBuilderFactory.newInstance().newDocumentBuilder();
        builder.setEntityResolver((publicId, systemId) -> new InputSource(new StringReader("")));
        Map<String, String> members = new TreeMap<>();
        try (InputStream file = Helper1.class.getResourceAsStream(name + ".xml")) {
            Element root = builder.parse(file).getDocumentElement();
            Element declared = (Element) root.getElementsByTagName("interface").item(0);
            assertEquals(name, declared.getAttribute("name"));
            for (Element method : elements(declared, "method")) {
                members.put("method " + method.getAttribute("name"), arguments(method, "in") + " -> " + arguments(method, "out"));
            }
            for (Element signal : elements(declared, "signal")) {
                members.put("signal " + signal.getAttribute("name"), arguments(signal, ""));
            }
            for (Element property : elements(declared, "property")) {
                assertEquals("read", property.getAttribute("access"));
                String changes = elements(property, "annotation").get(0).getAttribute("value");
                members.put("property " + property.getAttribute("name"), arity(property.getAttribute("type")) + " " + changes);
            }
        }
        return members;
    }

    private static String arguments(Element member, String direction) {
        StringBuilder signature = new StringBuilder();
        for (Element argument : elements(member, "arg")) {
            if (argument.getAttribute("direction").equals(direction)) {
                signature.append(argument.getAttribute("type"));
                assertEquals(true, !argument.getAttribute("name").isEmpty(), member.getAttribute("name"));
            }
        }
        return signature.toString();
    }

    private static List<Element> elements(Element parent, String name) {
        NodeList all = parent.getElementsByTagName(name);
        List<Element> found = new ArrayList<>();
        for (int i = 0; i < all.getLength(); i++) {
            found.add((Element) all.item(i));
        }
        return found;
    }

    private static Map<String, String> javaMembers(Class<?> declared) throws Exception {
        Map<String, String> members = new TreeMap<>();
        for (Method method : declared.getDeclaredMethods()) {
            DBusBoundProperty property = method.getAnnotation(DBusBoundProperty.class);
            if (property != null) {
                String changes = property.emitChangeSignal().toString();
                members.put("property " + property.name(), arity(signature(method.getGenericReturnType())) + " " + changes);
            } else {
                members.put("method " + method.getName(),
                        signature(method.getGenericParameterTypes()) + " -> " + signature(method.getGenericReturnType()));
            }
        }
        for (Class<?> nested : declared.getDeclaredClasses()) {
            assertEquals(DBusSignal.class, nested.getSuperclass());
            Constructor<?> constructor = nested.getConstructors()[0];
            Type[] types = constructor.getGenericParameterTypes();
            members.put("signal " + nested.getSimpleName(), signature(Arrays.copyOfRange(types, 1, types.length)));
        }
        return members;
    }

    /** dbus-java hands structs in properties out as arrays of objects: of those only that they are lists is known. */
    private static String arity(String type) {
        return type.startsWith("a(") || type.equals("a?") ? "a(...)" : type;
    }

    private static String signature(Type... types) throws Exception {
        StringBuilder signature = new StringBuilder();
        for (Type type : types) {
            if (type == void.class) {
                continue;
            }
            if (type instanceof ParameterizedType list && list.getActualTypeArguments()[0] == Object[].class) {
                signature.append("a?");
            } else if (type instanceof Class<?> tuple && Tuple.class.isAssignableFrom(tuple)) {
                for (Field field : tuple.getDeclaredFields()) {
                    signature.append(signature(field.getGenericType()));
                }
            } else {
                signature.append(String.join("", Marshalling.getDBusType(type)));
            }
        }
        return signature.toString();
    }
}
