package io.tandem.cuda.driver;

import static io.tandem.cuda.driver.DriverCheck.check;
import static jcuda.driver.JCudaDriver.cuEventRecord;
import static jcuda.driver.JCudaDriver.cuGraphDestroy;
import static jcuda.driver.JCudaDriver.cuGraphExecDestroy;
import static jcuda.driver.JCudaDriver.cuGraphInstantiate;
import static jcuda.driver.JCudaDriver.cuGraphLaunch;
import static jcuda.driver.JCudaDriver.cuLaunchKernel;
import static jcuda.driver.JCudaDriver.cuMemcpyDtoDAsync;
import static jcuda.driver.JCudaDriver.cuMemcpyDtoHAsync;
import static jcuda.driver.JCudaDriver.cuMemcpyHtoDAsync;
import static jcuda.driver.JCudaDriver.cuMemsetD32Async;
import static jcuda.driver.JCudaDriver.cuMemsetD8Async;
import static jcuda.driver.JCudaDriver.cuStreamBeginCapture;
import static jcuda.driver.JCudaDriver.cuStreamCreate;
import static jcuda.driver.JCudaDriver.cuStreamDestroy;
import static jcuda.driver.JCudaDriver.cuStreamEndCapture;
import static jcuda.driver.JCudaDriver.cuStreamQuery;
import static jcuda.driver.JCudaDriver.cuStreamSynchronize;
import static jcuda.driver.JCudaDriver.cuStreamWaitEvent;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.CUstreamCaptureMode;
import jcuda.driver.CUstream_flags;
import jcuda.runtime.cudaStream_t;

/** A stream behind JCuda. */
public final class JCudaStream implements CudaStream {

    private static final int MAX_PARAMETERS = 1024;

    private final JCudaDriver driver;
    private final CUstream stream = new CUstream();
    private final cudaStream_t runtimeStream;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment block = arena.allocate(KernelArguments.MAX_BYTES, 16);
    private final MemorySegment places = arena.allocate(ValueLayout.JAVA_LONG, MAX_PARAMETERS);
    private final NativeAddress parameters = new NativeAddress(places.address());
    private boolean closed;

    JCudaStream(JCudaDriver driver) {
        this.driver = driver;
        check(cuStreamCreate(stream, CUstream_flags.CU_STREAM_NON_BLOCKING), "cuStreamCreate");
        runtimeStream = new cudaStream_t(stream);
    }

    /** The stream as the libraries take it. */
    public cudaStream_t runtimeStream() {
        return runtimeStream;
    }

    private void enter(String call) {
        if (closed) {
            throw new CudaException(call, "the stream is closed", null);
        }
        driver.enter();
    }

    private static NativeAddress host(String call, MemorySegment segment) {
        if (!segment.isNative()) {
            throw new CudaException(call, "the host memory is an array of the Java heap", null);
        }
        return new NativeAddress(segment.address());
    }

    @Override
    public void copyToDevice(long target, MemorySegment source) {
        enter("cuMemcpyHtoDAsync");
        long bytes = source.byteSize();
        check(
                cuMemcpyHtoDAsync(new DeviceAddress(target), host("cuMemcpyHtoDAsync", source), bytes, stream),
                "cuMemcpyHtoDAsync",
                bytes + " bytes");
    }

    @Override
    public void copyToHost(MemorySegment target, long source) {
        enter("cuMemcpyDtoHAsync");
        long bytes = target.byteSize();
        check(
                cuMemcpyDtoHAsync(host("cuMemcpyDtoHAsync", target), new DeviceAddress(source), bytes, stream),
                "cuMemcpyDtoHAsync",
                bytes + " bytes");
    }

    @Override
    public void copy(long target, long source, long bytes) {
        enter("cuMemcpyDtoDAsync");
        if (bytes > 0) {
            check(
                    cuMemcpyDtoDAsync(new DeviceAddress(target), new DeviceAddress(source), bytes, stream),
                    "cuMemcpyDtoDAsync",
                    bytes + " bytes");
        }
    }

    @Override
    public void fill(long target, byte value, long bytes) {
        enter("cuMemsetD8Async");
        if (bytes > 0) {
            check(
                    cuMemsetD8Async(new DeviceAddress(target), value, bytes, stream),
                    "cuMemsetD8Async",
                    bytes + " bytes");
        }
    }

    @Override
    public void fillWords(long target, int value, long words) {
        enter("cuMemsetD32Async");
        if (words > 0) {
            check(
                    cuMemsetD32Async(new DeviceAddress(target), value, words, stream),
                    "cuMemsetD32Async",
                    words + " words");
        }
    }

    @Override
    public void launch(CudaKernel kernel, LaunchShape shape, KernelArguments arguments) {
        enter("cuLaunchKernel");
        if (arguments.count() > MAX_PARAMETERS) {
            throw new CudaException(
                    "cuLaunchKernel(" + kernel.name() + ")", "more than " + MAX_PARAMETERS + " arguments", null);
        }
        // the driver copies the arguments during the call
        ByteBuffer packed = arguments.block();
        block.asByteBuffer().put(packed);
        for (int i = 0; i < arguments.count(); i++) {
            places.setAtIndex(ValueLayout.JAVA_LONG, i, block.address() + arguments.offset(i));
        }
        int status = cuLaunchKernel(
                ((JCudaKernel) kernel).function(),
                shape.gridX(),
                shape.gridY(),
                shape.gridZ(),
                shape.blockX(),
                shape.blockY(),
                shape.blockZ(),
                shape.dynamicSharedBytes(),
                stream,
                parameters,
                null);
        if (status != CUresult.CUDA_SUCCESS) {
            check(status, "cuLaunchKernel", kernel.name() + shape);
        }
    }

    @Override
    public void record(CudaEvent event) {
        enter("cuEventRecord");
        check(cuEventRecord(((JCudaEvent) event).enter("cuEventRecord"), stream), "cuEventRecord");
    }

    @Override
    public void waitFor(CudaEvent event) {
        enter("cuStreamWaitEvent");
        check(cuStreamWaitEvent(stream, ((JCudaEvent) event).enter("cuStreamWaitEvent"), 0), "cuStreamWaitEvent");
    }

    @Override
    public void beginCapture() {
        enter("cuStreamBeginCapture");
        int mode = CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL;
        check(cuStreamBeginCapture(stream, mode), "cuStreamBeginCapture");
    }

    @Override
    public CudaGraph endCapture() {
        enter("cuStreamEndCapture");
        CUgraph graph = new CUgraph();
        check(cuStreamEndCapture(stream, graph), "cuStreamEndCapture");
        CUgraphExec executable = new CUgraphExec();
        try {
            check(cuGraphInstantiate(executable, graph, 0L), "cuGraphInstantiate");
        } finally {
            check(cuGraphDestroy(graph), "cuGraphDestroy");
        }
        return new Graph(executable);
    }

    @Override
    public void synchronize() {
        enter("cuStreamSynchronize");
        check(cuStreamSynchronize(stream), "cuStreamSynchronize");
    }

    @Override
    public boolean isIdle() {
        enter("cuStreamQuery");
        int status = cuStreamQuery(stream);
        if (status == CUresult.CUDA_ERROR_NOT_READY) {
            return false;
        }
        check(status, "cuStreamQuery");
        return true;
    }

    @Override
    public void close() {
        if (!closed) {
            driver.enter();
            closed = true;
            check(cuStreamDestroy(stream), "cuStreamDestroy");
            arena.close();
        }
    }

    private final class Graph implements CudaGraph {

        private final CUgraphExec executable;
        private boolean destroyed;

        Graph(CUgraphExec executable) {
            this.executable = executable;
        }

        @Override
        public void launch(CudaStream on) {
            JCudaStream target = (JCudaStream) on;
            target.enter("cuGraphLaunch");
            if (destroyed) {
                throw new CudaException("cuGraphLaunch", "the graph is closed", null);
            }
            check(cuGraphLaunch(executable, target.stream), "cuGraphLaunch");
        }

        @Override
        public int size() {
            return 0;
        }

        @Override
        public void close() {
            if (!destroyed) {
                driver.enter();
                destroyed = true;
                check(cuGraphExecDestroy(executable), "cuGraphExecDestroy");
            }
        }
    }
}
