package io.berth.policy.apparmor;

/**
 * A place in a policy text.
 *
 * @param line   from 1
 * @param column from 1, in UTF-16 units
 */
record SourcePosition(int line, int column) {
    PolicySyntaxException error(String found, String expected) {
        return new PolicySyntaxException(line, column, found, expected);
    }
}
