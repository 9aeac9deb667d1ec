package io.berth.tests.lifetime;

import io.berth.kernel.Cgroups;
import io.berth.kernel.Kernel;
import io.berth.kernel.KernelException;
import io.berth.kernel.Poller;
import io.berth.kernel.Sockets;
import io.berth.kernel.linux.LinuxKernel;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/** The real kernel, of which one call that acquires something fails: the n-th from now. Any thread. */
final class FailingKernel {
    private static final Set<String> ACQUIRING = Set.of("listen", "adopt", "accept", "peerCredentials", "connect", "duplicate", "pipe", "openEvent", "openBootTimer", "openPoller", "add",
            "watch", "checkProcessFd");
    private static final int EMFILE = 24;

    private final AtomicInteger countdown = new AtomicInteger();
    private volatile String failed = "";

    Kernel kernel() {
        Kernel real = new LinuxKernel();
        return proxy(Kernel.class, real, (proxy, method, arguments) -> {
            Object result = invoke(real, method, arguments);
            if (result instanceof Sockets sockets) {
                return proxy(Sockets.class, sockets, (p, m, a) -> invoke(sockets, m, a));
            }
            if (result instanceof Poller poller) {
                return proxy(Poller.class, poller, (p, m, a) -> invoke(poller, m, a));
            }
            if (result instanceof Cgroups cgroups) {
                return proxy(Cgroups.class, cgroups, (p, m, a) -> invoke(cgroups, m, a));
            }
            return result;
        });
    }

    private static <T> T proxy(Class<T> type, T real, InvocationHandler handler) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
    }

    private Object invoke(Object real, java.lang.reflect.Method method, Object[] arguments) throws Throwable {
        if (ACQUIRING.contains(method.getName()) && countdown.getAndUpdate(left -> Math.max(0, left - 1)) == 1) {
            failed = method.getName();
            throw new KernelException(method.getName(), EMFILE, "injected");
        }
        try {
            return method.invoke(real, arguments);
        } catch (InvocationTargetException wrapped) {
            throw wrapped.getCause();
        }
    }

    /** From now on nothing fails. */
    void stop() {
        countdown.set(0);
    }

    /** @param number 1 for the very next one; 0 for none */
    void failAt(int number) {
        failed = "";
        countdown.set(number);
    }

    /** The call that failed; empty while none has. */
    String failed() {
        return failed;
    }
}
