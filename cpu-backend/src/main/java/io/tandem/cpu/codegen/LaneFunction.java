package io.tandem.cpu.codegen;

/** Functions that are computed lane by lane in scalar code, {@link ScalarFunctions}. */
enum LaneFunction {
    EXP("exp", 1),
    EXPM1("expm1", 1),
    LOG("log", 1),
    LOG1P("log1p", 1),
    SIN("sin", 1),
    COS("cos", 1),
    TANH("tanh", 1),
    ERF("erf", 1),
    /** Rounds a float to the nearest binary16 value. */
    ROUND_TO_HALF("roundToHalf", 1),
    POW("pow", 2),
    REMAINDER("remainder", 2),
    /** Of integers; by zero it is 0. */
    DIVIDE("divide", 2);

    private static final LaneFunction[] VALUES = values();

    private final String method;
    private final int arity;

    LaneFunction(String method, int arity) {
        this.method = method;
        this.arity = arity;
    }

    /** The name of the method. */
    String method() {
        return method;
    }

    /** The number of arguments. */
    int arity() {
        return arity;
    }

    /** Whether machine code leaves it to Java, as {@link ScalarCalls}. */
    boolean isCalledBack() {
        return switch (this) {
            case ROUND_TO_HALF, REMAINDER, DIVIDE -> false;
            case EXP, EXPM1, LOG, LOG1P, SIN, COS, TANH, ERF, POW -> true;
        };
    }

    static LaneFunction of(long ordinal) {
        return VALUES[(int) ordinal];
    }
}
