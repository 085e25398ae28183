package io.tandem.cuda.driver;

import static io.tandem.cuda.driver.DriverCheck.check;
import static jcuda.driver.JCudaDriver.cuEventCreate;
import static jcuda.driver.JCudaDriver.cuEventDestroy;
import static jcuda.driver.JCudaDriver.cuEventElapsedTime;
import static jcuda.driver.JCudaDriver.cuEventQuery;
import static jcuda.driver.JCudaDriver.cuEventSynchronize;

import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.CUresult;

/** An event behind JCuda. */
final class JCudaEvent implements CudaEvent {

    private final JCudaDriver driver;
    private final CUevent event = new CUevent();
    private boolean closed;

    JCudaEvent(JCudaDriver driver, boolean timing) {
        this.driver = driver;
        int flags = timing ? CUevent_flags.CU_EVENT_DEFAULT : CUevent_flags.CU_EVENT_DISABLE_TIMING;
        check(cuEventCreate(event, flags), "cuEventCreate");
    }

    /** The event, with the context current. */
    CUevent enter(String call) {
        if (closed) {
            throw new CudaException(call, "the event is closed", null);
        }
        driver.enter();
        return event;
    }

    @Override
    public void synchronize() {
        check(cuEventSynchronize(enter("cuEventSynchronize")), "cuEventSynchronize");
    }

    @Override
    public boolean isComplete() {
        int status = cuEventQuery(enter("cuEventQuery"));
        if (status == CUresult.CUDA_ERROR_NOT_READY) {
            return false;
        }
        check(status, "cuEventQuery");
        return true;
    }

    @Override
    public float millisecondsSince(CudaEvent start) {
        float[] milliseconds = new float[1];
        CUevent from = ((JCudaEvent) start).enter("cuEventElapsedTime");
        check(cuEventElapsedTime(milliseconds, from, enter("cuEventElapsedTime")), "cuEventElapsedTime");
        return milliseconds[0];
    }

    @Override
    public void close() {
        if (!closed) {
            driver.enter();
            closed = true;
            check(cuEventDestroy(event), "cuEventDestroy");
        }
    }
}
