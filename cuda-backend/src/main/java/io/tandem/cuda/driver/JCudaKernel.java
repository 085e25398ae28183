package io.tandem.cuda.driver;

import static io.tandem.cuda.driver.DriverCheck.check;
import static jcuda.driver.JCudaDriver.cuFuncGetAttribute;
import static jcuda.driver.JCudaDriver.cuFuncSetAttribute;

import jcuda.driver.CUfunction;
import jcuda.driver.CUfunction_attribute;

/** A function of a module loaded through JCuda. */
final class JCudaKernel implements CudaKernel {

    private final JCudaDriver driver;
    private final String name;
    private final CUfunction function;

    JCudaKernel(JCudaDriver driver, String name, CUfunction function) {
        this.driver = driver;
        this.name = name;
        this.function = function;
    }

    CUfunction function() {
        return function;
    }

    @Override
    public String name() {
        return name;
    }

    private int attribute(int which) {
        driver.enter();
        int[] value = new int[1];
        check(cuFuncGetAttribute(value, which, function), "cuFuncGetAttribute", name);
        return value[0];
    }

    @Override
    public int registers() {
        return attribute(CUfunction_attribute.CU_FUNC_ATTRIBUTE_NUM_REGS);
    }

    @Override
    public int staticSharedMemory() {
        return attribute(CUfunction_attribute.CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES);
    }

    @Override
    public int maxThreadsPerBlock() {
        return attribute(CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK);
    }

    @Override
    public void allowDynamicSharedMemory(int bytes) {
        driver.enter();
        int which = CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;
        check(cuFuncSetAttribute(function, which, bytes), "cuFuncSetAttribute", name + ", " + bytes + " bytes");
    }
}
