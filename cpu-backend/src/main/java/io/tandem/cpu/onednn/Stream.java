package io.tandem.cpu.onednn;

import java.lang.invoke.MethodHandle;

/** The order in which primitives run. For one thread. */
public final class Stream extends NativeObject {

    Stream(long handle) {
        super(handle);
    }

    private static final class Handles {
        static final MethodHandle WAIT = Calls.function("dnnl_stream_wait", 1);
        static final MethodHandle DESTROY = Calls.function("dnnl_stream_destroy", 1);
    }

    /** Waits until all primitives have ended. */
    public void await() {
        long stream = handle();
        Calls.check("dnnl_stream_wait", () -> "", () -> (long) Handles.WAIT.invokeExact(stream));
    }

    @Override
    void destroy(long open) {
        Calls.check("dnnl_stream_destroy", () -> "", () -> (long) Handles.DESTROY.invokeExact(open));
    }
}
