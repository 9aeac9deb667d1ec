package io.berth.cli;

/** One thing that the doctor has to say. @param subject in a word or two @param text for a person */
record Finding(Verdict verdict, String subject, String text) {
    enum Verdict {
        OK("ok"),
        /** Neither good nor bad, but worth knowing. */
        NOTE("note"),
        BAD("bad");

        private final String word;

        Verdict(String word) {
            this.word = word;
        }

        String word() {
            return word;
        }
    }

    static Finding ok(String subject, String text) {
        return new Finding(Verdict.OK, subject, text);
    }

    static Finding note(String subject, String text) {
        return new Finding(Verdict.NOTE, subject, text);
    }

    static Finding bad(String subject, String text) {
        return new Finding(Verdict.BAD, subject, text);
    }
}
