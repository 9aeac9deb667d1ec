package io.berth.cli;

/** A word as a POSIX shell must be given it to pass it on unchanged ("Quoting"). */
final class ShellWord {
    private ShellWord() {
    }

    static String quote(String word) {
        return word.matches("[A-Za-z0-9_./:=@+%,-]+") ? word : "'" + word.replace("'", "'\\''") + "'";
    }
}
