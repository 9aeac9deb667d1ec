package io.berth.kernel.linux;

import com.kenai.jffi.CallContext;
import com.kenai.jffi.CallingConvention;
import com.kenai.jffi.Invoker;
import com.kenai.jffi.LastError;
import com.kenai.jffi.Library;
import com.kenai.jffi.MemoryIO;
import com.kenai.jffi.Type;
import io.berth.kernel.KernelException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Calls functions of the C library by address, all arguments and the result as 64-bit integers: nothing is generated and
 * nothing allocated per call. What the numbers mean is the business of the classes around it. Thread-safe; errno belongs
 * to the calling thread.
 */
final class Libc {
    /** Numbers of errno(3), the same on x86-64 and aarch64. */
    static final int EPERM = 1;
    static final int ENOENT = 2;
    static final int ESRCH = 3;
    static final int EINTR = 4;
    static final int E2BIG = 7;
    static final int EAGAIN = 11;
    static final int EACCES = 13;
    static final int EBUSY = 16;
    static final int ENODEV = 19;
    static final int ENOTDIR = 20;
    static final int EINVAL = 22;
    static final int ENOTTY = 25;
    static final int EMFILE = 24;
    static final int EPIPE = 32;
    static final int ERANGE = 34;
    static final int ENAMETOOLONG = 36;
    static final int ENOSYS = 38;
    static final int ELOOP = 40;
    static final int ENODATA = 61;
    static final int ENOPROTOOPT = 92;
    static final int ECONNABORTED = 103;
    static final int ECONNRESET = 104;
    static final int ENOTCONN = 107;
    static final int ETOOMANYREFS = 109;

    private final MemoryIO memory;
    private final Invoker invoker;
    private final LastError lastError;
    private final CallContext[] contexts = new CallContext[7];
    private final CallContext one;
    private final CallContext two;
    private final CallContext three;
    private final CallContext four;
    private final long strerror;

    /** @throws IllegalStateException the native part of jffi cannot be loaded; the message says what to do */
    Libc() {
        try {
            memory = MemoryIO.getInstance();
            invoker = Invoker.getInstance();
            lastError = LastError.getInstance();
            for (int arity = 0; arity < contexts.length; arity++) {
                Type[] parameters = new Type[arity];
                Arrays.fill(parameters, Type.SINT64);
                contexts[arity] = new CallContext(Type.SINT64, parameters, CallingConvention.DEFAULT, true);
            }
        } catch (LinkageError | RuntimeException failure) {
            String reason = String.valueOf(failure.getMessage()).lines().findFirst().orElse(""); // jffi adds its stack
            throw new IllegalStateException("cannot load jffi's native library (" + reason + "): is the directory for"
                    + " temporary files mounted noexec? Then unpack the library elsewhere and name its directory with"
                    + " -Djffi.boot.library.path=DIRECTORY", failure);
        }
        one = contexts[1];
        two = contexts[2];
        three = contexts[3];
        four = contexts[4];
        strerror = function("strerror");
    }

    /** @return the address of a function of the C library */
    long function(String name) {
        long address = Library.getDefault().getSymbolAddress(name);
        if (address == 0) {
            throw new IllegalStateException("the C library has no function " + name);
        }
        return address;
    }

    /** Each call's result is cut to 32 bits: enough for an int, an fd and for lengths below 2 GiB. */
    int call(long function) {
        return (int) invoker.invokeL0(contexts[0], function);
    }

    int call(long function, long a) {
        return (int) invoker.invokeL1(one, function, a);
    }

    int call(long function, long a, long b) {
        return (int) invoker.invokeL2(two, function, a, b);
    }

    int call(long function, long a, long b, long c) {
        return (int) invoker.invokeL3(three, function, a, b, c);
    }

    int call(long function, long a, long b, long c, long d) {
        return (int) invoker.invokeL4(four, function, a, b, c, d);
    }

    int call(long function, long a, long b, long c, long d, long e) {
        return (int) invoker.invokeL5(contexts[5], function, a, b, c, d, e);
    }

    int call(long function, long a, long b, long c, long d, long e, long f) {
        return (int) invoker.invokeL6(contexts[6], function, a, b, c, d, e, f);
    }

    /** What the last call of this thread left in errno. */
    int errno() {
        return lastError.get();
    }

    /** @param what the call and what it was about */
    KernelException failure(String what, int errno) {
        return new KernelException(what, errno, reason(errno));
    }

    /** The text of strerror(3). */
    String reason(int errno) {
        long text = invoker.invokeL1(one, strerror, errno);
        return new String(memory.getZeroTerminatedByteArray(text), StandardCharsets.UTF_8);
    }

    KernelException failure(String what) {
        return failure(what, errno());
    }

    MemoryIO memory() {
        return memory;
    }
}
