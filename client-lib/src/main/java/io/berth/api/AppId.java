package io.berth.api;

import java.nio.charset.StandardCharsets;

/**
 * Which app, whatever launched it: the container type and the identifier that is unique within that type.
 *
 * @param type reverse-DNS name of the sandbox technology, in the grammar of an interface name ({@code org.flatpak})
 * @param id   1 to 255 bytes of UTF-8 without control characters; each sandbox technology has a form of its own
 */
public record AppId(String type, String id) {
    /** @throws IllegalArgumentException naming the value and what was expected */
    public AppId {
        if (!NameGrammar.isInterface(type)) {
            throw NameGrammar.rejected("container type", type,
                    "a reverse-DNS name such as org.example.Sandbox of at most 255 characters, elements of A-Z a-z 0-9 _"
                            + " joined by dots, none starting with a digit");
        }
        // An unpaired surrogate has no UTF-8 form and encodes to '?'.
        byte[] bytes = id.getBytes(StandardCharsets.UTF_8);
        if (bytes.length == 0 || bytes.length > 255 || !new String(bytes, StandardCharsets.UTF_8).equals(id)
                || id.chars().anyMatch(Character::isISOControl)) {
            throw NameGrammar.rejected("app identifier", id, "1 to 255 bytes of valid UTF-8 without control characters");
        }
    }

    /** Reads {@code type/app_id}, the form of a rule with {@link AccessFlags#NAME_IS_APP}; the identifier may itself hold slashes. */
    public static AppId parse(String text) {
        int slash = text.indexOf('/');
        if (slash < 0) {
            throw NameGrammar.rejected("app", text, "type/app_id, such as org.flatpak/org.example.App");
        }
        return new AppId(text.substring(0, slash), text.substring(slash + 1));
    }

    /** What the app is called where rules name security labels: {@code berth//TYPE//APP_ID}. */
    public String label() {
        return "berth//" + type + "//" + id;
    }

    /** {@code type/app_id}. */
    @Override
    public String toString() {
        return type + "/" + id;
    }
}
