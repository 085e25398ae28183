package io.tandem.cpu.onednn;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.invoke.MethodHandle;

/** The order in which primitives run. For one thread. */
public final class Stream extends NativeObject {

    Stream(long handle) {
        super(handle);
    }

    private static final class Handles {
        static final MethodHandle WAIT = Calls.status("dnnl_stream_wait", JAVA_LONG);
        static final MethodHandle DESTROY = Calls.status("dnnl_stream_destroy", JAVA_LONG);
    }

    /** Waits until all primitives have ended. */
    public void await() {
        long stream = handle();
        Calls.check("dnnl_stream_wait", () -> "", () -> (int) Handles.WAIT.invokeExact(stream));
    }

    @Override
    void destroy(long open) {
        Calls.check("dnnl_stream_destroy", () -> "", () -> (int) Handles.DESTROY.invokeExact(open));
    }
}
