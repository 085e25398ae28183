package io.tandem.cpu.onednn;

import io.tandem.cpu.foreign.ForeignFunction;

/** The order in which primitives run. For one thread. */
public final class Stream extends NativeObject {

    Stream(long handle) {
        super(handle);
    }

    private static final class Handles {
        static final ForeignFunction WAIT = Calls.function("dnnl_stream_wait");
        static final ForeignFunction DESTROY = Calls.function("dnnl_stream_destroy");
    }

    /** Waits until all primitives have ended. */
    public void await() {
        long stream = handle();
        Calls.check(Handles.WAIT, () -> "", stream);
    }

    @Override
    void destroy(long open) {
        Calls.check(Handles.DESTROY, () -> "", open);
    }
}
