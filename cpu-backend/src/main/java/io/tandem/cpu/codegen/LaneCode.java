package io.tandem.cpu.codegen;

import io.tandem.cpu.codegen.LaneOp.Code;
import io.tandem.cpu.codegen.machine.Assembler;
import io.tandem.cpu.codegen.machine.MaskInstruction;
import io.tandem.cpu.codegen.machine.Operand;
import io.tandem.cpu.codegen.machine.VectorInstruction;
import io.tandem.graph.Reduction;

/** Writes arithmetic on vector registers: what Java defines for single values, in all lanes. */
final class LaneCode {
    /** The mask register that instruction sequences use for themselves. */
    static final int SCRATCH_MASK = 7;

    /** Immediates of comparisons: false for NaN, but for NE. */
    private static final int EQUAL_ORDERED = 0;

    private static final int NOT_EQUAL_UNORDERED = 4;
    private static final int LESS_ORDERED = 0x11;
    private static final int LESS_OR_EQUAL_ORDERED = 0x12;
    private static final int GREATER_OR_EQUAL_ORDERED = 0x1d;
    private static final int ORDERED = 7;
    private static final int UNORDERED = 3;

    private static final int INTEGER_LESS = 1;
    private static final int INTEGER_LESS_OR_EQUAL = 2;
    private static final int INTEGER_NOT_EQUAL = 4;

    /** Immediates of VRANGE: the sign of the result is that of the comparison, so that -0 is less than 0. */
    private static final int RANGE_MIN = 4;

    private static final int RANGE_MAX = 5;

    private final Assembler code;
    private final int width;

    /** @param width lanes of a vector, 8 or 16 */
    LaneCode(Assembler code, int width) {
        this.code = code;
        this.width = width;
    }

    /** Size of vectors of a type. */
    int bits(LaneType type) {
        return 8 * type.bytes() * width;
    }

    private static VectorInstruction choose(LaneType type, VectorInstruction narrow, VectorInstruction wide) {
        return type.isWide() ? wide : narrow;
    }

    /** A vector instruction on registers. */
    private void emit(VectorInstruction instruction, LaneType type, int target, int a, Operand b) {
        code.vector(instruction, bits(type), target, a, b);
    }

    /** A copy of a register. */
    void move(LaneType type, int target, int source, int mask) {
        code.vector(
                choose(type, VectorInstruction.VMOVUPS, VectorInstruction.VMOVUPD),
                bits(type),
                target,
                0,
                Operand.register(source),
                mask);
    }

    /** A vector that is all in memory. */
    void load(LaneType type, int target, Operand memory, int mask) {
        code.vector(
                choose(type, VectorInstruction.VMOVUPS, VectorInstruction.VMOVUPD),
                bits(type),
                target,
                0,
                memory,
                mask);
    }

    /** Writes a vector. */
    void store(LaneType type, int source, Operand memory, int mask) {
        code.vector(
                choose(type, VectorInstruction.VMOVUPS_STORE, VectorInstruction.VMOVUPD_STORE),
                bits(type),
                source,
                0,
                memory,
                mask);
    }

    /** One element in memory for all lanes. */
    void broadcast(LaneType type, int target, Operand memory) {
        code.vector(
                choose(type, VectorInstruction.VBROADCASTSS, VectorInstruction.VBROADCASTSD),
                bits(type),
                target,
                0,
                memory);
    }

    /** Whether {@link #binary} is one instruction, which may overwrite its arguments. */
    static boolean isSimple(Code what, LaneType type) {
        return !(type.isFloating() && (what == Code.MIN || what == Code.MAX));
    }

    /** Arithmetic on two vectors. */
    void binary(Code what, LaneType type, int target, int a, Operand b) {
        boolean wide = type.isWide();
        VectorInstruction instruction = switch (what) {
            case ADD -> switch (type) {
                case F32 -> VectorInstruction.VADDPS;
                case F64 -> VectorInstruction.VADDPD;
                default -> wide ? VectorInstruction.VPADDQ : VectorInstruction.VPADDD;
            };
            case SUB -> switch (type) {
                case F32 -> VectorInstruction.VSUBPS;
                case F64 -> VectorInstruction.VSUBPD;
                default -> wide ? VectorInstruction.VPSUBQ : VectorInstruction.VPSUBD;
            };
            case MUL -> switch (type) {
                case F32 -> VectorInstruction.VMULPS;
                case F64 -> VectorInstruction.VMULPD;
                default -> wide ? VectorInstruction.VPMULLQ : VectorInstruction.VPMULLD;
            };
            case DIV -> wide ? VectorInstruction.VDIVPD : VectorInstruction.VDIVPS;
            case AND -> wide ? VectorInstruction.VPANDQ : VectorInstruction.VPANDD;
            case OR -> wide ? VectorInstruction.VPORQ : VectorInstruction.VPORD;
            case XOR -> wide ? VectorInstruction.VPXORQ : VectorInstruction.VPXORD;
            case MIN -> wide ? VectorInstruction.VPMINSQ : VectorInstruction.VPMINSD;
            case MAX -> wide ? VectorInstruction.VPMAXSQ : VectorInstruction.VPMAXSD;
            default -> throw new IllegalArgumentException("there is no instruction for " + what + " of " + type);
        };
        emit(instruction, type, target, a, b);
    }

    /** Math.min or Math.max of floating vectors; the target is none of the arguments. */
    void extremum(boolean max, LaneType type, int target, int a, int b) {
        Operand second = Operand.register(b);
        compareFloating(UNORDERED, type, SCRATCH_MASK, a, second);
        code.vector(
                choose(type, VectorInstruction.VRANGEPS, VectorInstruction.VRANGEPD),
                bits(type),
                target,
                a,
                second,
                0,
                max ? RANGE_MAX : RANGE_MIN);
        // where one is NaN, so is the sum
        code.vector(
                choose(type, VectorInstruction.VADDPS, VectorInstruction.VADDPD),
                bits(type),
                target,
                a,
                second,
                SCRATCH_MASK);
    }

    /**
     * Combines a vector into a partial result.
     *
     * @param free a register that may be overwritten
     * @param mask lanes to combine, or 0
     */
    void combine(Reduction reduction, LaneType type, int total, int x, int free, int mask) {
        if (type.isFloating() && reduction != Reduction.SUM) {
            extremum(reduction == Reduction.MAX, type, free, total, x);
            move(type, total, free, mask);
            return;
        }
        VectorInstruction instruction = switch (reduction) {
            case SUM -> switch (type) {
                case F32 -> VectorInstruction.VADDPS;
                case F64 -> VectorInstruction.VADDPD;
                default -> choose(type, VectorInstruction.VPADDD, VectorInstruction.VPADDQ);
            };
            case MAX -> choose(type, VectorInstruction.VPMAXSD, VectorInstruction.VPMAXSQ);
            case MIN -> choose(type, VectorInstruction.VPMINSD, VectorInstruction.VPMINSQ);
        };
        code.vector(instruction, bits(type), total, total, Operand.register(x), mask);
    }

    /** target = target * a + b. */
    void multiplyAdd213(LaneType type, int target, int a, Operand b) {
        emit(choose(type, VectorInstruction.VFMADD213PS, VectorInstruction.VFMADD213PD), type, target, a, b);
    }

    /** target = a * b + target. */
    void multiplyAdd231(LaneType type, int target, int a, Operand b) {
        emit(choose(type, VectorInstruction.VFMADD231PS, VectorInstruction.VFMADD231PD), type, target, a, b);
    }

    /** The negative of a vector. */
    void negate(LaneType type, int target, int x) {
        if (type.isFloating()) {
            Operand sign = code.constant(type.isWide() ? Long.MIN_VALUE : 0x80000000L, true);
            binary(Code.XOR, type, target, x, sign);
        } else {
            // ~x + 1
            Operand ones = code.constant(-1, true);
            binary(Code.XOR, type, target, x, ones);
            binary(Code.SUB, type, target, target, ones);
        }
    }

    /** The absolute value. */
    void absolute(LaneType type, int target, int x) {
        if (type.isFloating()) {
            binary(Code.AND, type, target, x, code.constant(type.isWide() ? Long.MAX_VALUE : 0x7fffffff, true));
        } else {
            emit(choose(type, VectorInstruction.VPABSD, VectorInstruction.VPABSQ), type, target, 0,
                    Operand.register(x));
        }
    }

    /** The square root. */
    void squareRoot(LaneType type, int target, Operand x) {
        emit(choose(type, VectorInstruction.VSQRTPS, VectorInstruction.VSQRTPD), type, target, 0, x);
    }

    /** A shift by a constant. */
    void shift(Code what, LaneType type, int target, int x, int count) {
        VectorInstruction instruction = switch (what) {
            case SHIFT_LEFT -> choose(type, VectorInstruction.VPSLLD, VectorInstruction.VPSLLQ);
            case SHIFT_RIGHT -> choose(type, VectorInstruction.VPSRAD, VectorInstruction.VPSRAQ);
            case SHIFT_RIGHT_UNSIGNED -> choose(type, VectorInstruction.VPSRLD, VectorInstruction.VPSRLQ);
            default -> throw new IllegalArgumentException(what + " is no shift");
        };
        int digit = switch (what) {
            case SHIFT_LEFT -> 6;
            case SHIFT_RIGHT -> 4;
            default -> 2;
        };
        // as in Java, the count is taken modulo the size
        int bounded = count & 8 * type.bytes() - 1;
        code.vector(instruction, bits(type), digit, target, Operand.register(x), 0, bounded);
    }

    /** A comparison into a mask register. */
    void compare(Code what, LaneType type, int mask, int a, Operand b) {
        if (type.isFloating()) {
            int predicate = switch (what) {
                case EQ -> EQUAL_ORDERED;
                case NE -> NOT_EQUAL_UNORDERED;
                case LT -> LESS_ORDERED;
                case LE -> LESS_OR_EQUAL_ORDERED;
                default -> throw new IllegalArgumentException(what + " compares nothing");
            };
            compareFloating(predicate, type, mask, a, b);
            return;
        }
        int predicate = switch (what) {
            case EQ -> 0;
            case NE -> INTEGER_NOT_EQUAL;
            case LT -> INTEGER_LESS;
            case LE -> INTEGER_LESS_OR_EQUAL;
            default -> throw new IllegalArgumentException(what + " compares nothing");
        };
        code.vector(
                choose(type, VectorInstruction.VPCMPD, VectorInstruction.VPCMPQ), bits(type), mask, a, b, 0, predicate);
    }

    private void compareFloating(int predicate, LaneType type, int mask, int a, Operand b) {
        code.vector(
                choose(type, VectorInstruction.VCMPPS, VectorInstruction.VCMPPD), bits(type), mask, a, b, 0, predicate);
    }

    /** b where the mask is set, else a. */
    void blend(LaneType type, int target, int mask, int a, Operand b) {
        code.vector(
                choose(type, VectorInstruction.VPBLENDMD, VectorInstruction.VPBLENDMQ), bits(type), target, a, b, mask);
    }

    /** Logic on masks. */
    void logic(Code what, int target, int a, int b) {
        switch (what) {
            case AND -> code.mask(MaskInstruction.KANDW, target, a, Operand.register(b));
            case OR -> code.mask(MaskInstruction.KORW, target, a, Operand.register(b));
            case XOR -> code.mask(MaskInstruction.KXORW, target, a, Operand.register(b));
            case NOT -> code.mask(MaskInstruction.KNOTW, target, 0, Operand.register(a));
            default -> throw new IllegalArgumentException("there is no " + what + " of masks");
        }
    }

    /** Lanes that are not zero, of 32 bits each. */
    void nonZero(int mask, int x) {
        code.vector(VectorInstruction.VPTESTMD, bits(LaneType.I32), mask, x, Operand.register(x));
    }

    /** Java's conversion between number types; the target is not the argument. */
    void convert(LaneType from, LaneType to, int target, int x) {
        Operand source = Operand.register(x);
        // the length that counts is that of the wider vector
        int bits = Math.max(bits(from), bits(to));
        switch (from) {
            case F32, F64 -> {
                switch (to) {
                    case F32 -> code.vector(VectorInstruction.VCVTPD2PS, bits, target, 0, source);
                    case F64 -> code.vector(VectorInstruction.VCVTPS2PD, bits, target, 0, source);
                    case I32, I64 -> truncate(from, to, target, x);
                    case MASK -> throw new IllegalArgumentException("masks are not converted");
                }
            }
            case I32 -> {
                VectorInstruction instruction = switch (to) {
                    case F32 -> VectorInstruction.VCVTDQ2PS;
                    case F64 -> VectorInstruction.VCVTDQ2PD;
                    case I64 -> VectorInstruction.VPMOVSXDQ;
                    case I32, MASK -> throw new IllegalArgumentException("ints are not converted to " + to);
                };
                code.vector(instruction, bits, target, 0, source);
            }
            case I64 -> {
                switch (to) {
                    case F32 -> code.vector(VectorInstruction.VCVTQQ2PS, bits, target, 0, source);
                    case F64 -> code.vector(VectorInstruction.VCVTQQ2PD, bits, target, 0, source);
                    case I32 -> code.vector(VectorInstruction.VPMOVQD_STORE, bits, x, 0, Operand.register(target));
                    case I64, MASK -> throw new IllegalArgumentException("longs are not converted to " + to);
                }
            }
            case MASK -> throw new IllegalArgumentException("masks are not converted");
        }
    }

    /** To an integer: NaN becomes 0, and what is out of range the nearest integer there is. */
    private void truncate(LaneType from, LaneType to, int target, int x) {
        VectorInstruction instruction = from == LaneType.F32
                ? choose(to, VectorInstruction.VCVTTPS2DQ, VectorInstruction.VCVTTPS2QQ)
                : choose(to, VectorInstruction.VCVTTPD2DQ, VectorInstruction.VCVTTPD2QQ);
        Operand source = Operand.register(x);
        // what does not fit becomes the smallest integer, which is right for large negative numbers
        code.vector(instruction, Math.max(bits(from), bits(to)), target, 0, source);
        double limit = to == LaneType.I32 ? 0x1p31 : 0x1p63;
        long limitBits =
                from == LaneType.F32 ? Float.floatToRawIntBits((float) limit) : Double.doubleToRawLongBits(limit);
        compareFloating(GREATER_OR_EQUAL_ORDERED, from, SCRATCH_MASK, x, code.constant(limitBits, true));
        Operand largest = code.constant(to == LaneType.I32 ? Integer.MAX_VALUE : Long.MAX_VALUE, false);
        code.vector(
                choose(to, VectorInstruction.VBROADCASTSS, VectorInstruction.VBROADCASTSD),
                bits(to),
                target,
                0,
                largest,
                SCRATCH_MASK);
        compareFloating(ORDERED, from, SCRATCH_MASK, x, source);
        move(to, target, target, SCRATCH_MASK | Assembler.ZEROING);
    }

    /** Rounds floats to binary16 numbers; the target is not the argument. */
    void roundToHalf(int target, int x) {
        int bits = bits(LaneType.F32);
        code.vector(VectorInstruction.VCVTPS2PH_STORE, bits, x, 0, Operand.register(target), 0, 0);
        code.vector(VectorInstruction.VCVTPH2PS, bits, target, 0, Operand.register(target));
    }

    /**
     * Quotient or remainder of ints, by way of doubles, whose quotients are exact enough; 0 where the divisor is 0.
     *
     * @param target none of the arguments
     * @param free three more registers
     */
    void divideInts(boolean remainder, int target, int a, int b, int[] free) {
        int bits = bits(LaneType.I32);
        quotients(target, a, b, free);
        if (bits == 512) {
            int high = free[2];
            code.vector(VectorInstruction.VEXTRACTI64X4_STORE, 512, a, 0, Operand.register(free[0]), 0, 1);
            code.vector(VectorInstruction.VEXTRACTI64X4_STORE, 512, b, 0, Operand.register(free[1]), 0, 1);
            quotients(high, free[0], free[1], free);
            code.vector(VectorInstruction.VINSERTI64X4, 512, target, target, Operand.register(high), 0, 1);
        }
        if (remainder) {
            binary(Code.MUL, LaneType.I32, target, target, Operand.register(b));
            binary(Code.SUB, LaneType.I32, target, a, Operand.register(target));
        }
        nonZero(SCRATCH_MASK, b);
        move(LaneType.I32, target, target, SCRATCH_MASK | Assembler.ZEROING);
    }

    /** Of the eight ints in the lower halves. */
    private void quotients(int target, int a, int b, int[] free) {
        code.vector(VectorInstruction.VCVTDQ2PD, 512, free[0], 0, Operand.register(a));
        code.vector(VectorInstruction.VCVTDQ2PD, 512, free[1], 0, Operand.register(b));
        code.vector(VectorInstruction.VDIVPD, 512, free[0], free[0], Operand.register(free[1]));
        code.vector(VectorInstruction.VCVTTPD2DQ, 512, target, 0, Operand.register(free[0]));
    }
}
