package io.tandem.cpu.primitive;

import io.tandem.compile.ChannelBlocks;
import io.tandem.compile.Plan;
import io.tandem.cpu.kernel.Place;
import io.tandem.cpu.onednn.DataType;
import io.tandem.cpu.onednn.FormatTag;
import io.tandem.cpu.onednn.MemoryDescriptor;
import io.tandem.tensor.DType;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import java.util.Arrays;
import java.util.Optional;

/** How the elements of a plan's values lie in memory, as oneDNN describes it. */
public final class OneDnnLayout {
    private OneDnnLayout() {}

    /** oneDNN's name of an element type, if it has one that its kernels compute with. */
    public static Optional<DataType> dataType(DType dtype) {
        return switch (dtype) {
            case F32 -> Optional.of(DataType.F32);
            case BF16 -> Optional.of(DataType.BF16);
            case F16 -> Optional.of(DataType.F16);
            case F64, I64, I32, U8, BOOL -> Optional.empty();
        };
    }

    /** Sizes as oneDNN takes them; a scalar has one axis. */
    static long[] dims(Shape shape) {
        return shape.isScalar() ? new long[] {1} : Arrays.stream(shape.toArray()).asLongStream().toArray();
    }

    static DataType type(TensorType type) {
        return dataType(type.dtype())
                .orElseThrow(() -> new IllegalArgumentException("oneDNN has no kernels for " + type));
    }

    /** What lies at a place. */
    static MemoryDescriptor at(Place place) {
        DataType type = type(place.type());
        long[] dims = dims(place.type().shape());
        return switch (place.layout()) {
            case Plan.RowMajor row -> MemoryDescriptor.of(type, dims);
            case ChannelBlocks blocks -> MemoryDescriptor.of(type, format(blocks), dims);
            default -> throw new IllegalArgumentException("layout " + place.layout() + " is of another backend");
        };
    }

    private static FormatTag format(ChannelBlocks blocks) {
        if (blocks.isChannelsLast()) {
            return FormatTag.CHANNELS_LAST;
        }
        return switch (blocks.block()) {
            case 8 -> FormatTag.BLOCKED_8;
            case 16 -> FormatTag.BLOCKED_16;
            default -> throw new IllegalArgumentException("oneDNN has no blocks of " + blocks.block() + " channels");
        };
    }

    /** What lies at a place if that is not row-major; where it is, the layout is left to oneDNN. */
    static MemoryDescriptor preferred(Place place) {
        MemoryDescriptor here = at(place);
        return place.layout() instanceof Plan.RowMajor ? here.withAnyLayout() : here;
    }

    /** As {@link #preferred}, for a factor of a product, which may be rounded to another type on the way. */
    static MemoryDescriptor factor(OneDnnContext context, Place place) {
        DataType type = type(place.type());
        DataType rounded = context.factor(type);
        return rounded == type ? preferred(place) : MemoryDescriptor.any(rounded, dims(place.type().shape()));
    }
}
