package io.berth.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class ShellWordTest {
    @Test
    void quotedWords_readByAShell_areWhatTheyWere() throws Exception {
        List<String> words = List.of("", "plain", "--rule=call:org.foo=*@/a/*", "it's", "a b", "$(id) `id` $HOME", "\"x\"", "\\", "*", "~", "a\nb",
                "#", "!x", "--call=org.box/\u00e4'; rm -f x=*", "{a,b}", "[a]");
        StringBuilder script = new StringBuilder("printf '<%s>'");
        words.forEach(word -> script.append(' ').append(ShellWord.quote(word)));
        Process shell = new ProcessBuilder("sh", "-c", script.toString()).start();
        StringBuilder expected = new StringBuilder();
        words.forEach(word -> expected.append('<').append(word).append('>'));
        assertEquals(expected.toString(), new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
        assertEquals("--talk=org.foo.bar", ShellWord.quote("--talk=org.foo.bar"));
    }
}
