package io.berth.kernel;

/**
 * The name of a unix socket (unix(7)).
 *
 * @param name       a path, or an abstract name without its leading NUL; 1 to 107 bytes in UTF-8
 * @param isAbstract whether it lives in the abstract namespace
 */
public record UnixAddress(String name, boolean isAbstract) {
    @Override
    public String toString() {
        return isAbstract ? "@" + name : name;
    }
}
