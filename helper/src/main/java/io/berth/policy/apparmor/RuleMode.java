package io.berth.policy.apparmor;

import java.util.Locale;

/** What a rule does with what it applies to. At one priority the later of these wins over the earlier. */
enum RuleMode {
    /** Would ask the user; there is nobody to ask, so it denies. */
    PROMPT,
    ALLOW,
    DENY;

    String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
