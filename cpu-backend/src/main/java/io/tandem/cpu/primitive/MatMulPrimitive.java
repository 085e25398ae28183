package io.tandem.cpu.primitive;

import io.tandem.compile.Plan;
import io.tandem.cpu.kernel.Place;
import io.tandem.cpu.kernel.StepKernel;
import io.tandem.cpu.kernel.StepPlaces;
import io.tandem.cpu.onednn.Argument;
import io.tandem.cpu.onednn.DataType;
import io.tandem.cpu.onednn.MatMul;
import io.tandem.cpu.onednn.Memory;
import io.tandem.cpu.onednn.MemoryDescriptor;
import io.tandem.cpu.onednn.PrimitiveAttributes;
import io.tandem.cpu.onednn.PrimitiveDescriptor;
import io.tandem.graph.Op;
import io.tandem.tensor.Shape;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Matrix products by oneDNN: plain row-major matrices, transposed ones by their strides. */
final class MatMulPrimitive {
    private MatMulPrimitive() {}

    static Optional<StepKernel> make(
            OneDnnContext context, Op.MatMul op, Optional<Plan.Epilogue> epilogue, StepPlaces places) {
        Place a = places.operands().get(0);
        Place b = places.operands().get(1);
        Place c = places.result();
        if (a.type().bytes() == 0 || b.type().bytes() == 0) {
            return Optional.empty();
        }
        DataType type = OneDnnLayout.type(c.type());
        DataType factor = context.factor(type);
        MemoryDescriptor seenA = matrix(type, a.type().shape(), op.transposeA());
        MemoryDescriptor seenB = matrix(type, b.type().shape(), op.transposeB());
        MemoryDescriptor src = factor == type ? seenA : MemoryDescriptor.any(factor, seenA.dims());
        MemoryDescriptor weights = factor == type ? seenB : MemoryDescriptor.any(factor, seenB.dims());
        MemoryDescriptor dst = matrix(type, c.type().shape(), false);
        Optional<MemoryDescriptor> bias = epilogue.filter(Plan.Epilogue::bias).map(e -> bias(dst));
        boolean relu = epilogue.flatMap(Plan.Epilogue::activation).isPresent();
        PrimitiveAttributes attributes = relu ? context.attributes().thenRelu() : context.attributes();
        try (PrimitiveKernel.Builder builder = PrimitiveKernel.builder(context);
                PrimitiveDescriptor descriptor =
                        context.engine().describe(new MatMul(src, weights, bias, dst), attributes)) {
            if (descriptor.isReference()) {
                return Optional.empty();
            }
            Map<Argument, Memory> memories = new LinkedHashMap<>();
            memories.put(Argument.SRC, builder.operand(a, seenA, descriptor.layout(Argument.SRC)));
            memories.put(Argument.WEIGHTS, builder.operand(b, seenB, descriptor.layout(Argument.WEIGHTS)));
            memories.put(Argument.DST, builder.at(c, dst));
            bias.ifPresent(d -> memories.put(Argument.BIAS, builder.at(places.operands().get(2), d)));
            builder.execute(descriptor, memories);
            return Optional.of(builder.label(descriptor).build());
        }
    }

    private static MemoryDescriptor bias(MemoryDescriptor dst) {
        long[] dims = new long[dst.rank()];
        java.util.Arrays.fill(dims, 1);
        dims[dims.length - 1] = dst.dim(dst.rank() - 1);
        return MemoryDescriptor.of(dst.type(), dims);
    }

    /** A matrix or, with more axes, a batch of them, whose leading axes are one. */
    private static MemoryDescriptor matrix(DataType type, Shape shape, boolean transposed) {
        long rows = shape.dim(-2);
        long columns = shape.dim(-1);
        long m = transposed ? columns : rows;
        long n = transposed ? rows : columns;
        long rowStep = transposed ? 1 : columns;
        long columnStep = transposed ? columns : 1;
        if (shape.rank() == 2) {
            return MemoryDescriptor.strided(type, new long[] {m, n}, new long[] {rowStep, columnStep});
        }
        long batch = shape.subShape(0, shape.rank() - 2).size();
        return MemoryDescriptor.strided(
                type, new long[] {batch, m, n}, new long[] {rows * columns, rowStep, columnStep});
    }
}
