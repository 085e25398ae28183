package io.tandem.cpu.codegen;

import static io.tandem.cpu.codegen.machine.General.RAX;
import static io.tandem.cpu.codegen.machine.General.RDI;
import static io.tandem.cpu.codegen.machine.General.RDX;
import static io.tandem.cpu.codegen.machine.General.RSI;

import io.tandem.cpu.codegen.machine.Assembler;
import io.tandem.cpu.codegen.machine.Condition;
import io.tandem.cpu.codegen.machine.Frames;
import io.tandem.cpu.codegen.machine.GeneralInstruction;
import io.tandem.cpu.codegen.machine.Label;
import io.tandem.cpu.codegen.machine.NativeFunction;
import io.tandem.cpu.codegen.machine.Operand;
import io.tandem.cpu.codegen.machine.VectorInstruction;
import io.tandem.graph.Reduction;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.BiConsumer;

/** Machine code that combines partial results of folds, in the order of {@link FoldArithmetic}. */
final class FoldFunctions {
    private enum Task {
        CLEAR,
        REDUCE_LANES,
        COMBINE
    }

    private record Key(Task task, LaneType type, Reduction reduction, int width) {}

    private static final int VECTOR = 64;

    private final ConcurrentMap<Key, NativeFunction> functions = new ConcurrentHashMap<>();

    /** Makes all functions that a fold needs, so that whether there is memory for code is known in time. */
    void prepare(LaneType type, Reduction reduction, int width) {
        clear(type, reduction);
        combine(type, reduction);
        reduceLanes(type, reduction, width);
    }

    /** A function of an address and a number of vectors. */
    NativeFunction clear(LaneType type, Reduction reduction) {
        return function(Task.CLEAR, type, reduction, lanes(type));
    }

    /** A function of two addresses and a number of vectors. */
    NativeFunction combine(LaneType type, Reduction reduction) {
        return function(Task.COMBINE, type, reduction, lanes(type));
    }

    /** A function of an address and a number of rows. */
    NativeFunction reduceLanes(LaneType type, Reduction reduction, int width) {
        return function(Task.REDUCE_LANES, type, reduction, width);
    }

    private static int lanes(LaneType type) {
        return VECTOR / type.bytes();
    }

    private NativeFunction function(Task task, LaneType type, Reduction reduction, int width) {
        return functions.computeIfAbsent(
                new Key(task, type, reduction, width), key -> NativeFunction.of(write(key)));
    }

    private static byte[] write(Key key) {
        Assembler code = new Assembler();
        LaneCode lanes = new LaneCode(code, key.width);
        Frames frames = Frames.ofSystem();
        frames.begin(code);
        switch (key.task) {
            case CLEAR -> {
                lanes.broadcast(key.type, 0, code.constant(identity(key.type, key.reduction), false));
                loop(code, RSI, () -> {
                    lanes.store(key.type, 0, Operand.at(RDI, 0), 0);
                    add(code, RDI, VECTOR);
                });
            }
            case COMBINE -> loop(code, RDX, () -> {
                lanes.load(key.type, 0, Operand.at(RDI, 0), 0);
                lanes.load(key.type, 1, Operand.at(RSI, 0), 0);
                lanes.combine(key.reduction, key.type, 0, 1, 2, 0);
                lanes.store(key.type, 0, Operand.at(RDI, 0), 0);
                add(code, RDI, VECTOR);
                add(code, RSI, VECTOR);
            });
            case REDUCE_LANES -> {
                code.general(GeneralInstruction.MOV, RAX, Operand.register(RDI));
                loop(code, RSI, () -> {
                    lanes.load(key.type, 0, Operand.at(RDI, 0), 0);
                    reduce(code, key);
                    code.vector(
                            key.type.isWide() ? VectorInstruction.VMOVQ_STORE : VectorInstruction.VMOVSS_STORE,
                            128,
                            0,
                            0,
                            Operand.at(RAX, 0));
                    add(code, RDI, key.type.bytes() * key.width);
                    add(code, RAX, key.type.bytes());
                });
            }
        }
        frames.end(code);
        return code.finish();
    }

    /** Reduces the lanes of register 0 by halves. */
    private static void reduce(Assembler code, Key key) {
        Operand second = Operand.register(1);
        BiConsumer<Integer, Runnable> half = (lanes, extract) -> {
            extract.run();
            new LaneCode(code, lanes).combine(key.reduction, key.type, 0, 1, 2, 0);
        };
        int bytes = key.type.bytes();
        if (bytes * key.width == 64) {
            half.accept(32 / bytes,
                    () -> code.vector(VectorInstruction.VEXTRACTI64X4_STORE, 512, 0, 0, second, 0, 1));
        }
        half.accept(16 / bytes, () -> code.vector(VectorInstruction.VEXTRACTI32X4_STORE, 256, 0, 0, second, 0, 1));
        // the upper two of four ints, then the second one
        Operand first = Operand.register(0);
        half.accept(16 / bytes, () -> code.vector(VectorInstruction.VPERMILPS, 128, 1, 0, first, 0, 0xee));
        if (bytes == 4) {
            half.accept(4, () -> code.vector(VectorInstruction.VPERMILPS, 128, 1, 0, first, 0, 0x55));
        }
    }

    private static void loop(Assembler code, int counter, Runnable body) {
        Label top = code.label();
        code.place(top);
        body.run();
        code.general(GeneralInstruction.DEC, 1, Operand.register(counter));
        code.jump(Condition.NOT_EQUAL, top);
    }

    private static void add(Assembler code, int register, long value) {
        code.general(GeneralInstruction.ADD_IMMEDIATE, 0, Operand.register(register), value);
    }

    private static long identity(LaneType type, Reduction reduction) {
        return switch (type) {
            case F32 -> Float.floatToRawIntBits(switch (reduction) {
                case SUM -> 0f;
                case MAX -> Float.NEGATIVE_INFINITY;
                case MIN -> Float.POSITIVE_INFINITY;
            }) & 0xffffffffL;
            case F64 -> Double.doubleToRawLongBits(switch (reduction) {
                case SUM -> 0.0;
                case MAX -> Double.NEGATIVE_INFINITY;
                case MIN -> Double.POSITIVE_INFINITY;
            });
            case I32, MASK -> switch (reduction) {
                case SUM -> 0;
                case MAX -> 0x80000000L;
                case MIN -> Integer.MAX_VALUE;
            };
            case I64 -> switch (reduction) {
                case SUM -> 0;
                case MAX -> Long.MIN_VALUE;
                case MIN -> Long.MAX_VALUE;
            };
        };
    }
}
