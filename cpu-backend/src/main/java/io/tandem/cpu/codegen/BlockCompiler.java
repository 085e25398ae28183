package io.tandem.cpu.codegen;

import io.tandem.cpu.codegen.BlockProgram.Binding;
import io.tandem.cpu.codegen.BlockProgram.Place;
import io.tandem.cpu.codegen.BlockProgram.Storage;
import io.tandem.tensor.DType;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.attribute.CodeAttribute;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.AccessFlag;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/** Compiles blocks to hidden classes, each program once. */
final class BlockCompiler implements Reach {
    /** Methods with more bytecode than this are never compiled by the JIT compiler. */
    private static final int LARGEST_METHOD = 8000;

    private static final ClassDesc CLASS = ClassDesc.of("io.tandem.cpu.codegen.GeneratedBlock");
    private static final ClassDesc VECTOR_BLOCK = ClassDesc.of("io.tandem.cpu.codegen.VectorBlock");
    private static final MethodTypeDesc NEW_VECTOR_BLOCK =
            MethodTypeDesc.of(ConstantDescs.CD_void, ConstantDescs.CD_int, ConstantDescs.CD_boolean);
    private static final MethodTypeDesc RUN = MethodTypeDesc.of(
            ConstantDescs.CD_void,
            BlockGenerator.SEGMENT.arrayType(),
            BlockGenerator.OBJECT_ARRAY,
            ConstantDescs.CD_long.arrayType(),
            ConstantDescs.CD_double.arrayType(),
            ConstantDescs.CD_int,
            ConstantDescs.CD_int,
            ConstantDescs.CD_int);

    private final int vectorBits;
    private final ConcurrentMap<BlockProgram, Block> blocks = new ConcurrentHashMap<>();
    private final ConcurrentMap<BlockProgram, Rehearsal> rehearsals = new ConcurrentHashMap<>();

    /** @param vectorBits size of vectors, or 0 for scalar code */
    BlockCompiler(int vectorBits) {
        this.vectorBits = vectorBits;
    }

    /** Whether blocks may read and write segments directly. */
    boolean vectorises() {
        return vectorBits > 0;
    }

    @Override
    public Binding elements(DType dtype, int access, long stride, boolean wide) {
        Optional<Storage> direct = stride == 0 || stride == 1
                ? BlockBuilder.storage(dtype).filter(storage -> reaches(storage, stride == 1, wide))
                : Optional.empty();
        return direct.map(storage -> new Binding(storage, Place.SEGMENT, stride != 0))
                .orElseGet(() -> new Binding(Storage.ofArray(LaneType.of(dtype)), Place.TILE, stride != 0));
    }

    @Override
    public Binding coordinates(DType dtype, long stride) {
        return new Binding(Storage.ofArray(LaneType.of(dtype)), Place.TILE, stride != 0);
    }

    /** Whether code reads and writes a binding of this storage in a segment, or needs it copied to an array first. */
    private boolean reaches(Storage storage, boolean unit, boolean wide) {
        if (!vectorises()) {
            return false;
        }
        // there are no vectors with fewer than 8 bytes
        return storage != Storage.BOOL || !unit || lanes(wide ? 8 : 16) >= 8;
    }

    private int lanes(int width) {
        return Math.min(width, vectorBits / (width == 16 ? 32 : 64));
    }

    Block compile(BlockProgram program) {
        return blocks.computeIfAbsent(program, this::define);
    }

    /** What is known of how fast a program has become; shared by all kernels that have this program. */
    Rehearsal rehearsal(BlockProgram program) {
        return rehearsals.computeIfAbsent(program, key -> new Rehearsal(this, key));
    }

    /** The number of different programs compiled so far. */
    int size() {
        return blocks.size();
    }

    private Block define(BlockProgram program) {
        byte[] bytes = vectorises() ? writeVector(program, false) : writeScalar(program);
        if (vectorises() && longestMethod(bytes) > LARGEST_METHOD) {
            bytes = writeVector(program, true);
        }
        try {
            MethodHandles.Lookup generated = MethodHandles.lookup().defineHiddenClass(bytes, true);
            return (Block) generated
                    .findConstructor(generated.lookupClass(), MethodType.methodType(void.class))
                    .invoke();
        } catch (Throwable e) {
            throw new IllegalStateException("the generated code of a kernel could not be loaded: " + e, e);
        }
    }

    private static byte[] writeScalar(BlockProgram program) {
        return ClassFile.of().build(CLASS, type -> {
            type.withFlags(AccessFlag.FINAL, AccessFlag.SUPER);
            type.withInterfaceSymbols(ClassDesc.of(Block.class.getName()));
            type.withMethodBody(ConstantDescs.INIT_NAME, ConstantDescs.MTD_void, ClassFile.ACC_PUBLIC, code -> {
                code.aload(0);
                code.invokespecial(ConstantDescs.CD_Object, ConstantDescs.INIT_NAME, ConstantDescs.MTD_void);
                code.return_();
            });
            type.withMethodBody("run", RUN, ClassFile.ACC_PUBLIC,
                    code -> new ScalarGenerator(program, code).generate());
        });
    }

    /** @param small whether to write one loop, with masks, in place of two, which halves the code */
    private byte[] writeVector(BlockProgram program, boolean small) {
        int lanes = lanes(program.width());
        int step = small ? 1 : VectorGenerator.step(program, lanes);
        return ClassFile.of().build(CLASS, type -> {
            type.withFlags(AccessFlag.FINAL, AccessFlag.SUPER);
            type.withSuperclass(VECTOR_BLOCK);
            for (String field : new String[] {"F32", "F64", "I32", "I64", VectorNames.BYTE_SPECIES}) {
                type.withField(field, VectorNames.SPECIES, ClassFile.ACC_STATIC | ClassFile.ACC_FINAL);
            }
            type.withMethodBody(
                    ConstantDescs.CLASS_INIT_NAME,
                    ConstantDescs.MTD_void,
                    ClassFile.ACC_STATIC,
                    code -> writeSpecies(code, program.width(), lanes));
            type.withMethodBody(ConstantDescs.INIT_NAME, ConstantDescs.MTD_void, ClassFile.ACC_PUBLIC, code -> {
                code.aload(0).loadConstant(step).loadConstant(VectorGenerator.isOrdered(program) ? 1 : 0);
                code.invokespecial(VECTOR_BLOCK, ConstantDescs.INIT_NAME, NEW_VECTOR_BLOCK).return_();
            });
            type.withMethodBody("whole", RUN, ClassFile.ACC_FINAL, code -> {
                VectorGenerator.Part part = small ? VectorGenerator.Part.ALL : VectorGenerator.Part.WHOLE;
                new VectorGenerator(program, code, CLASS, lanes, part).generate();
            });
            type.withMethodBody("rest", RUN, ClassFile.ACC_FINAL, code -> {
                if (small) {
                    code.return_();
                } else {
                    new VectorGenerator(program, code, CLASS, lanes, VectorGenerator.Part.REST).generate();
                }
            });
        });
    }

    private static void writeSpecies(CodeBuilder code, int width, int lanes) {
        species(code, "F32", "floats", lanes);
        species(code, "I32", "ints", lanes);
        if (width == 8) {
            species(code, "F64", "doubles", lanes);
            species(code, "I64", "longs", lanes);
        }
        if (lanes >= 8) {
            species(code, VectorNames.BYTE_SPECIES, "bytes", lanes);
        }
        code.return_();
    }

    private static void species(CodeBuilder code, String field, String method, int lanes) {
        MethodTypeDesc type = MethodTypeDesc.of(VectorNames.SPECIES, ConstantDescs.CD_int);
        code.loadConstant(lanes)
                .invokestatic(VectorNames.LANES, method, type)
                .putstatic(CLASS, field, VectorNames.SPECIES);
    }

    private static int longestMethod(byte[] bytes) {
        ClassModel model = ClassFile.of().parse(bytes);
        return model.methods().stream()
                .mapToInt(method -> ((CodeAttribute) method.code().orElseThrow()).codeLength())
                .max()
                .orElseThrow();
    }
}
