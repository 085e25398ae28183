package io.tandem.cuda.lowering;

import io.tandem.cuda.codegen.ConcatGenerator;
import io.tandem.cuda.codegen.CudaFunction;
import io.tandem.cuda.codegen.IndexingKernels;
import io.tandem.cuda.codegen.PadGenerator;
import io.tandem.cuda.driver.KernelSource;
import io.tandem.cuda.driver.LaunchShape;
import io.tandem.graph.Op;
import io.tandem.reference.RandomNumbers;
import io.tandem.tensor.DType;
import io.tandem.tensor.Shape;
import java.util.ArrayList;
import java.util.List;

/** Makes the steps of operations that move elements by index, and of random numbers. */
final class IndexingSteps {
    /** With fewer blocks than this a sum by destination is made in parts. */
    private static final int FEW_BLOCKS = 64;

    /** Indices that a part has at least. */
    private static final int LEAST_CHUNK = 512;

    /** Looking through all indices for each destination costs too much beyond this number of looks. */
    private static final long MANY_LOOKS = 1L << 28;

    /** More cannot be sorted, since their number has 31 bits. */
    private static final int MOST_KEYS = 1 << 29;

    /** Keys that a block sorts in shared memory. */
    private static final int RUN = 1024;

    private final LoweringContext context;
    private final Region scratch;

    IndexingSteps(LoweringContext context, Region scratch) {
        this.context = context;
        this.scratch = scratch;
    }

    StepKernel random(Op.Random random, StepPlaces places) {
        long mixed = RandomNumbers.mix(random.site());
        Place result = places.result(0);
        long elements = result.shape().size();
        return LaunchStep.perElement(
                context, IndexingKernels.random(random.distribution()), Math.ceilDiv(elements, 4L),
                arguments -> arguments
                        .pointer(places.operand(0).address())
                        .pointer(places.operand(1).address())
                        .pointer(result.address())
                        .int64(mixed)
                        .int64(elements));
    }

    StepKernel gather(String operation, Op.Gather gather, StepPlaces places) {
        Place x = places.operand(0);
        Place indices = places.operand(1);
        Place result = places.result(0);
        int axis = gather.axis();
        int size = x.shape().dim(axis);
        long count = indices.shape().size();
        long outer = x.shape().subShape(0, axis).size();
        long inner = x.shape().subShape(axis + 1, x.shape().rank()).size() * x.dtype().bytes();
        int unit = unit(inner, x.alignment(), result.alignment());
        int units = Math.toIntExact(inner / unit);
        int site = context.faults().site(operation, axis, size, count);
        long rows = outer * count;
        return LaunchStep.perRow(
                context, IndexingKernels.gather(unit, indices.dtype()), rows, units, arguments -> arguments
                        .pointer(x.address())
                        .pointer(indices.address())
                        .pointer(result.address())
                        .int64(rows)
                        .int32((int) count)
                        .int32(size)
                        .int32(units)
                        .pointer(context.faults().address())
                        .int32(site));
    }

    /** The largest unit in which runs of some bytes can be moved. */
    private static int unit(long run, long... alignments) {
        long common = Long.lowestOneBit(Math.max(1, run));
        for (long alignment : alignments) {
            common = Math.min(common, Long.lowestOneBit(alignment));
        }
        return (int) Math.min(16, common);
    }

    StepKernel scatterAdd(String operation, Op.ScatterAdd scatter, StepPlaces places) {
        Place indices = places.operand(0);
        Place updates = places.operand(1);
        Place result = places.result(0);
        int axis = scatter.axis();
        Shape shape = result.shape();
        int size = scatter.size();
        int count = Math.toIntExact(indices.shape().size());
        long outer = shape.subShape(0, axis).size();
        int inner = Math.toIntExact(shape.subShape(axis + 1, shape.rank()).size());
        int site = context.faults().site(operation, axis, size, count);
        DType dtype = result.dtype();
        int threads = 32;
        while (threads < inner && threads < 256) {
            threads *= 2;
        }
        int tiles = Math.ceilDiv(inner, threads);
        long blocks = outer * size * tiles;
        if (blocks * count > MANY_LOOKS && count <= MOST_KEYS) {
            return !context.options().deterministic() && IndexingKernels.hasAtomicAdd(dtype)
                    ? atomic(indices, updates, result, outer * count, count, size, inner, site)
                    : sorted(indices, updates, result, outer * count, count, size, inner, site);
        }
        int splits = blocks >= FEW_BLOCKS ? 1 : Math.clamp(count / LEAST_CHUNK, 1, FEW_BLOCKS);
        int chunk = Math.max(1, Math.ceilDiv(count, splits));
        long results = shape.size();
        LaunchShape grid = new LaunchShape(Math.toIntExact(blocks), splits, 1, threads, 1, 1, 0);
        long partialBytes = splits == 1 ? 0 : splits * results * IndexingKernels.sumType(dtype).bytes();
        LaunchStep sums = new LaunchStep(
                context,
                IndexingKernels.scatterAdd(dtype, indices.dtype(), splits > 1),
                grid,
                arguments -> arguments
                        .pointer(indices.address())
                        .pointer(updates.address())
                        .pointer(splits > 1 ? scratch.address() : result.address())
                        .int32(count)
                        .int32(size)
                        .int32(inner)
                        .int32(tiles)
                        .int32(chunk)
                        .int64(results)
                        .pointer(context.faults().address())
                        .int32(site));
        if (splits == 1) {
            return sums;
        }
        LaunchStep finish = LaunchStep.perElement(
                context, IndexingKernels.scatterFinish(dtype), results, arguments -> arguments
                        .pointer(scratch.address())
                        .pointer(result.address())
                        .int32(splits)
                        .int64(results));
        return new WithScratch(new Sequence(List.of(sums, finish)), partialBytes);
    }

    /** Sorts the updates' numbers by destination, so that each one's sum is made in their order. */
    private StepKernel sorted(
            Place indices, Place updates, Place result, long rows, int count, int size, int inner, int site) {
        int padded = Math.max(RUN, Integer.highestOneBit(count - 1) << 1);
        KernelSource source = IndexingKernels.scatterSort(indices.dtype());
        CudaFunction merge = IndexingKernels.of(source, "scatter_merge");
        CudaFunction exchange = IndexingKernels.of(source, "scatter_step");
        LaunchShape runs = LaunchShape.of(padded / RUN, RUN / 2);
        List<StepKernel> steps = new ArrayList<>();
        steps.add(LaunchStep.perElement(
                context, IndexingKernels.of(source, "scatter_keys"), padded, arguments -> arguments
                        .pointer(indices.address())
                        .pointer(scratch.address())
                        .int32(count)
                        .int32(padded)
                        .int32(size)
                        .pointer(context.faults().address())
                        .int32(site)));
        steps.add(new LaunchStep(context, merge, runs, arguments -> arguments
                .pointer(scratch.address())
                .int32(2)
                .int32(RUN)));
        for (int run = 2 * RUN; run > 0 && run <= padded; run *= 2) {
            int length = run;
            for (int step = run / 2; step >= RUN; step /= 2) {
                int apart = step;
                steps.add(LaunchStep.perElement(context, exchange, padded / 2, arguments -> arguments
                        .pointer(scratch.address())
                        .int32(padded / 2)
                        .int32(length)
                        .int32(apart)));
            }
            steps.add(new LaunchStep(context, merge, runs, arguments -> arguments
                    .pointer(scratch.address())
                    .int32(length)
                    .int32(length)));
        }
        steps.add(new Fill(context.stream(), result));
        steps.add(LaunchStep.perRow(
                context, IndexingKernels.scatterSorted(result.dtype()), rows, inner, arguments -> arguments
                        .pointer(scratch.address())
                        .pointer(updates.address())
                        .pointer(result.address())
                        .int64(rows)
                        .int32(count)
                        .int32(size)
                        .int32(inner)));
        return new WithScratch(new Sequence(steps), 8L * padded);
    }

    private StepKernel atomic(
            Place indices, Place updates, Place result, long rows, int count, int size, int inner, int site) {
        StepKernel zeros = new Fill(context.stream(), result);
        StepKernel sums = LaunchStep.perRow(
                context, IndexingKernels.scatterAtomic(result.dtype(), indices.dtype()), rows, inner,
                arguments -> arguments
                        .pointer(indices.address())
                        .pointer(updates.address())
                        .pointer(result.address())
                        .int64(rows)
                        .int32(count)
                        .int32(size)
                        .int32(inner)
                        .pointer(context.faults().address())
                        .int32(site));
        return new Sequence(List.of(zeros, sums));
    }

    StepKernel concat(Op.Concat concat, StepPlaces places) {
        Place result = places.result(0);
        Shape shape = result.shape();
        int axis = concat.axis();
        long rows = shape.subShape(0, axis).size();
        long bytes = shape.subShape(axis + 1, shape.rank()).size() * result.dtype().bytes();
        long pitch = shape.dim(axis) * bytes;
        List<Place> parts = places.operands().stream().filter(p -> !p.isEmpty()).toList();
        if (parts.size() > 1 && parts.size() <= ConcatGenerator.MAX_OPERANDS) {
            return together(axis, parts, result, rows, bytes);
        }
        List<StepKernel> copies = new ArrayList<>();
        long at = 0;
        for (Place part : parts) {
            long run = part.shape().dim(axis) * bytes;
            Place target = new Place(result.region(), result.offset() + at, part.type());
            copies.add(rows == 1 ? new Copy(context.stream(), part, target) : runs(part, target, rows, run, pitch));
            at += run;
        }
        return copies.size() == 1 ? copies.getFirst() : new Sequence(copies);
    }

    private StepKernel together(int axis, List<Place> parts, Place result, long rows, long bytes) {
        long common = unit(bytes, result.alignment());
        for (Place part : parts) {
            common = Math.min(common, unit(part.shape().dim(axis) * bytes, part.alignment()));
        }
        int unit = (int) common;
        List<Long> runs =
                parts.stream().map(p -> p.shape().dim(axis) * bytes / unit).toList();
        long units = rows * runs.stream().mapToLong(Long::longValue).sum();
        return LaunchStep.perElement(context, ConcatGenerator.generate(unit, rows, runs), units, arguments -> {
            parts.forEach(p -> arguments.pointer(p.address()));
            arguments.pointer(result.address());
        });
    }

    private StepKernel runs(Place from, Place to, long rows, long run, long pitch) {
        int unit = unit(run, from.alignment(), to.alignment(), Long.lowestOneBit(pitch));
        return LaunchStep.perRow(
                context, IndexingKernels.copyRows(unit), rows, run / unit, arguments -> arguments
                        .pointer(from.address())
                        .pointer(to.address())
                        .int64(rows)
                        .int64(run / unit)
                        .int64(run / unit)
                        .int64(pitch / unit));
    }

    StepKernel pad(Op.Pad pad, Place x, Place result) {
        return LaunchStep.perElement(
                context,
                PadGenerator.generate(pad, x.type(), result.type()),
                result.shape().size(),
                arguments -> arguments.pointer(x.address()).pointer(result.address()));
    }

    StepKernel argReduce(Op.ArgReduce reduce, StepPlaces places) {
        Place x = places.operand(0);
        Place result = places.result(0);
        int size = x.shape().dim(reduce.axis());
        long inner = x.shape().subShape(reduce.axis() + 1, x.shape().rank()).size();
        long results = result.shape().size();
        boolean rows = inner == 1 && size >= 32;
        LaunchShape grid = LaunchShape.covering(rows ? 32 * results : results, 256, Integer.MAX_VALUE);
        return new LaunchStep(context, IndexingKernels.argReduce(x.dtype(), reduce.largest(), rows), grid,
                arguments -> {
                    arguments.pointer(x.address()).pointer(result.address()).int64(results).int32(size);
                    if (!rows) {
                        arguments.int64(inner);
                    }
                });
    }
}
