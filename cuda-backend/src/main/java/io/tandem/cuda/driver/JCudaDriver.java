package io.tandem.cuda.driver;

import static io.tandem.cuda.driver.DriverCheck.check;
import static jcuda.driver.JCudaDriver.cuCtxSetCurrent;
import static jcuda.driver.JCudaDriver.cuCtxSynchronize;
import static jcuda.driver.JCudaDriver.cuDeviceGet;
import static jcuda.driver.JCudaDriver.cuDeviceGetAttribute;
import static jcuda.driver.JCudaDriver.cuDeviceGetCount;
import static jcuda.driver.JCudaDriver.cuDeviceGetName;
import static jcuda.driver.JCudaDriver.cuDevicePrimaryCtxRelease;
import static jcuda.driver.JCudaDriver.cuDevicePrimaryCtxRetain;
import static jcuda.driver.JCudaDriver.cuDeviceTotalMem;
import static jcuda.driver.JCudaDriver.cuDriverGetVersion;
import static jcuda.driver.JCudaDriver.cuInit;
import static jcuda.driver.JCudaDriver.cuMemAlloc;
import static jcuda.driver.JCudaDriver.cuMemFree;
import static jcuda.driver.JCudaDriver.cuMemFreeHost;
import static jcuda.driver.JCudaDriver.cuMemGetInfo;
import static jcuda.driver.JCudaDriver.cuMemHostAlloc;
import static jcuda.driver.JCudaDriver.cuModuleGetFunction;
import static jcuda.driver.JCudaDriver.cuModuleLoadData;
import static jcuda.driver.JCudaDriver.cuModuleUnload;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;

/**
 * A device behind JCuda's binding of the CUDA driver.
 *
 * <p>It uses the device's primary context, which cuBLAS and cuDNN share. Contexts belong to threads: every call makes
 * the context current on the calling thread first (a fraction of a microsecond), so any thread may call. Streams and
 * library handles still belong to one thread at a time.
 */
public final class JCudaDriver implements Driver {

    /** What generated kernels need: arguments that stay in constant memory, warps whose threads move by themselves. */
    private static final Architecture OLDEST = new Architecture(7, 0);

    private final CUdevice device;
    private final CUcontext context;
    private final DeviceProperties properties;
    private boolean closed;

    private JCudaDriver(CUdevice device, CUcontext context, DeviceProperties properties) {
        this.device = device;
        this.context = context;
        this.properties = properties;
    }

    /**
     * Opens a device.
     *
     * @param libraries the CUDA libraries, which are loaded if they are not yet
     * @param ordinal   index of the device, as in {@code cuda:0}
     * @throws CudaException if no GPU can be used, or there is no such device; the message says what to do
     */
    public static JCudaDriver open(CudaLibraries libraries, int ordinal) {
        int count = start(libraries);
        if (ordinal < 0 || ordinal >= count) {
            throw new CudaException(
                    "cuda:" + ordinal,
                    "there is no such device; found " + count + (count == 1 ? " device, cuda:0" : " devices"),
                    null);
        }
        CUdevice device = new CUdevice();
        check(cuDeviceGet(device, ordinal), "cuDeviceGet", ordinal);
        DeviceProperties properties = describe(device, ordinal);
        if (properties.architecture().compareTo(OLDEST) < 0) {
            throw new CudaException(
                    "cuda:" + ordinal,
                    properties.name() + " has compute capability " + properties.architecture() + ", needed is " + OLDEST
                            + " (Volta, 2017) or newer",
                    null);
        }
        CUcontext context = new CUcontext();
        check(cuDevicePrimaryCtxRetain(context, device), "cuDevicePrimaryCtxRetain", ordinal);
        return new JCudaDriver(device, context, properties);
    }

    /**
     * Describes all devices, without opening one.
     *
     * @param libraries the CUDA libraries, which are loaded if they are not yet
     * @throws CudaException if no GPU can be used
     */
    public static List<DeviceProperties> devices(CudaLibraries libraries) {
        int count = start(libraries);
        List<DeviceProperties> devices = new ArrayList<>();
        for (int ordinal = 0; ordinal < count; ordinal++) {
            CUdevice device = new CUdevice();
            check(cuDeviceGet(device, ordinal), "cuDeviceGet", ordinal);
            devices.add(describe(device, ordinal));
        }
        return devices;
    }

    private static int start(CudaLibraries libraries) {
        libraries.requireDevice();
        libraries.load();
        check(cuInit(0), "cuInit");
        int[] count = new int[1];
        check(cuDeviceGetCount(count), "cuDeviceGetCount");
        return count[0];
    }

    private static DeviceProperties describe(CUdevice device, int ordinal) {
        byte[] name = new byte[256];
        check(cuDeviceGetName(name, name.length, device), "cuDeviceGetName");
        long[] memory = new long[1];
        check(cuDeviceTotalMem(memory, device), "cuDeviceTotalMem");
        int[] version = new int[1];
        check(cuDriverGetVersion(version), "cuDriverGetVersion");
        return new DeviceProperties(
                ordinal,
                new String(name, StandardCharsets.UTF_8).split("\0", 2)[0].strip(),
                new Architecture(
                        attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR),
                        attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR)),
                memory[0],
                attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT),
                attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_WARP_SIZE),
                attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK),
                attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR),
                attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK),
                attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN),
                attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X),
                attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE),
                version[0]);
    }

    private static int attribute(CUdevice device, int which) {
        int[] value = new int[1];
        check(cuDeviceGetAttribute(value, which, device), "cuDeviceGetAttribute", which);
        return value[0];
    }

    /**
     * Makes the context current on the calling thread; the library implementations call it on entry.
     *
     * @throws CudaException if the driver is closed
     */
    public void enter() {
        if (closed) {
            throw new CudaException("cuCtxSetCurrent", "the driver is closed", null);
        }
        check(cuCtxSetCurrent(context), "cuCtxSetCurrent");
    }

    @Override
    public DeviceProperties properties() {
        return properties;
    }

    @Override
    public MemoryInfo memoryInfo() {
        enter();
        long[] free = new long[1];
        long[] total = new long[1];
        check(cuMemGetInfo(free, total), "cuMemGetInfo");
        return new MemoryInfo(free[0], total[0]);
    }

    @Override
    public long allocate(long bytes) {
        enter();
        DeviceAddress address = new DeviceAddress();
        check(cuMemAlloc(address, bytes), "cuMemAlloc", bytes + " bytes");
        return address.value();
    }

    @Override
    public void free(long address) {
        // cuMemFree waits as well, but says so nowhere
        synchronize();
        check(cuMemFree(new DeviceAddress(address)), "cuMemFree");
    }

    @Override
    public PinnedMemory allocatePinned(long bytes) {
        enter();
        NativeAddress address = new NativeAddress();
        check(cuMemHostAlloc(address, bytes, 0), "cuMemHostAlloc", bytes + " bytes");
        return new Pinned(address, bytes);
    }

    @Override
    public CudaStream openStream() {
        enter();
        return new JCudaStream(this);
    }

    @Override
    public CudaEvent openEvent(boolean timing) {
        enter();
        return new JCudaEvent(this, timing);
    }

    @Override
    public CudaModule load(ModuleImage image) {
        enter();
        if (image.format() == ModuleImage.Format.HOST) {
            throw new CudaException("cuModuleLoadData(" + image.name() + ")", "this is code for the host", null);
        }
        // PTX must end with a zero, which does not harm a cubin
        byte[] bytes = new byte[image.byteSize() + 1];
        image.bytes().get(bytes, 0, image.byteSize());
        CUmodule module = new CUmodule();
        check(cuModuleLoadData(module, bytes), "cuModuleLoadData", image.name());
        return new Module(image.name(), module);
    }

    @Override
    public void synchronize() {
        enter();
        check(cuCtxSynchronize(), "cuCtxSynchronize");
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            check(cuDevicePrimaryCtxRelease(device), "cuDevicePrimaryCtxRelease");
        }
    }

    private final class Pinned implements PinnedMemory {

        private final Arena arena = Arena.ofShared();
        private final NativeAddress address;
        private final MemorySegment segment;
        private boolean freed;

        Pinned(NativeAddress address, long bytes) {
            this.address = address;
            segment = MemorySegment.ofAddress(address.value()).reinterpret(bytes, arena, null);
            segment.fill((byte) 0);
        }

        @Override
        public MemorySegment segment() {
            return segment;
        }

        @Override
        public void close() {
            if (!freed) {
                freed = true;
                enter();
                arena.close();
                check(cuMemFreeHost(address), "cuMemFreeHost");
            }
        }
    }

    private final class Module implements CudaModule {

        private final String name;
        private final CUmodule module;
        private final Map<String, JCudaKernel> kernels = new HashMap<>();
        private boolean unloaded;

        Module(String name, CUmodule module) {
            this.name = name;
            this.module = module;
        }

        @Override
        public CudaKernel kernel(String kernel) {
            if (unloaded) {
                throw new CudaException("cuModuleGetFunction(" + kernel + ")", "the module is unloaded", null);
            }
            return kernels.computeIfAbsent(kernel, this::find);
        }

        private JCudaKernel find(String kernel) {
            enter();
            CUfunction function = new CUfunction();
            check(cuModuleGetFunction(function, module, kernel), "cuModuleGetFunction", kernel + " in " + name);
            return new JCudaKernel(JCudaDriver.this, kernel, function);
        }

        @Override
        public void close() {
            if (!unloaded) {
                unloaded = true;
                enter();
                check(cuModuleUnload(module), "cuModuleUnload", name);
            }
        }
    }
}
