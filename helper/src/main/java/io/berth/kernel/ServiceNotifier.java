package io.berth.kernel;

/** Tells the service manager that started this process how it is doing (sd_notify(3)). */
public interface ServiceNotifier {
    /** When nobody wants to know. */
    ServiceNotifier NONE = assignments -> { };

    /**
     * @param assignments such as {@code READY=1}, separated by newlines
     * @throws KernelException when it cannot be told
     */
    void tell(String assignments);
}
