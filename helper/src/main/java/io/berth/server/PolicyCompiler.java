package io.berth.server;

import io.berth.kernel.EventLoop;
import io.berth.policy.LabelPolicy;
import io.berth.policy.apparmor.PolicySyntaxException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Compiles label policies apart from the loop, which thousands of rules would stall: one at a time, in the order in which they
 * were given, on a thread that ends when there is nothing to do for {@value #IDLE_MS} ms. Any thread.
 */
public final class PolicyCompiler {
    private static final int IDLE_MS = 100;

    private final EventLoop loop;
    private final ThreadPoolExecutor worker;

    public PolicyCompiler(EventLoop loop) {
        this.loop = loop;
        this.worker = new ThreadPoolExecutor(1, 1, IDLE_MS, TimeUnit.MILLISECONDS, new LinkedBlockingQueue<>(), task -> {
            Thread thread = new Thread(task, "berth-policy");
            thread.setDaemon(true);
            return thread;
        });
        worker.allowCoreThreadTimeOut(true);
    }

    /**
     * @param label of who is ruled
     * @return completes on the loop thread; fails with {@link RegistryException} of kind INVALID_ARGUMENT, naming line and
     *         column, when the text is no policy
     */
    public CompletableFuture<LabelPolicy> compile(String text, String label) {
        if (text.isBlank()) {
            // an empty property says that there is no policy
            return CompletableFuture.failedFuture(new RegistryException(RegistryException.Kind.INVALID_ARGUMENT,
                    "Policy is empty, expected rules such as «dbus send bus=session peer=(name=org.freedesktop.DBus),»"));
        }
        CompletableFuture<LabelPolicy> result = new CompletableFuture<>();
        worker.execute(() -> {
            try {
                LabelPolicy compiled = LabelPolicy.compile(text, label);
                loop.execute(() -> result.complete(compiled));
            } catch (PolicySyntaxException wrong) {
                RegistryException refusal = new RegistryException(RegistryException.Kind.INVALID_ARGUMENT, "Policy, " + wrong.getMessage());
                loop.execute(() -> result.completeExceptionally(refusal));
            }
        });
        return result;
    }
}
