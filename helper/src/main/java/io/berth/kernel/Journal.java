package io.berth.kernel;

import java.util.Map;

/** The system's journal: entries of named fields that stay apart, whatever their values hold. */
public interface Journal {
    /** Where there is none. */
    Journal NONE = fields -> false;

    /**
     * Writes one entry. Never waits.
     *
     * @param fields names of A-Z, 0-9 and _, beginning with a letter, to texts of any kind (systemd.journal-fields(7))
     * @return whether the journal has taken it; it does not when there is none, or when it cannot keep up
     */
    boolean write(Map<String, String> fields);

    /** Whether what goes to standard error gets into the journal by itself. */
    default boolean isStandardError() {
        return false;
    }
}
