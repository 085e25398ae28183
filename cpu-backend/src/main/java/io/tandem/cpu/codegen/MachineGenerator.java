package io.tandem.cpu.codegen;

import io.tandem.cpu.codegen.BlockProgram.FoldOutput;
import io.tandem.cpu.codegen.BlockProgram.Output;
import io.tandem.cpu.codegen.machine.Assembler;
import io.tandem.cpu.codegen.machine.Condition;
import io.tandem.cpu.codegen.machine.Frames;
import io.tandem.cpu.codegen.machine.General;
import io.tandem.cpu.codegen.machine.GeneralInstruction;
import io.tandem.cpu.codegen.machine.Label;
import io.tandem.cpu.codegen.machine.MaskInstruction;
import io.tandem.cpu.codegen.machine.Operand;

/**
 * Blocks as AVX-512 code: one function with all loops, whose argument is the address of its parameters ({@link
 * ParameterLayout}). A vector has {@link BlockProgram#width()} lanes; what is left of a line after whole vectors is done
 * under a mask, by a second copy of the code.
 */
final class MachineGenerator {
    /** Columns, in vectors, up to which folds over lines keep their partial results in registers. */
    private static final int NARROW = 4;

    private final BlockProgram program;
    private final Assembler code = new Assembler();
    private final Frames frames = Frames.ofSystem();
    private final ParameterLayout layout;
    private final LaneMemory memory;
    private final LaneCode lanes;
    private final LaneValues values;
    private final int width;
    private final boolean foldsLines;

    /** The register of each fold's partial results. */
    private final int[] partial;

    private MachineGenerator(BlockProgram program) {
        this.program = program;
        this.width = program.width();
        this.layout = new ParameterLayout(program);
        this.lanes = new LaneCode(code, width);
        this.memory = new LaneMemory(code, lanes, program, layout);
        this.foldsLines = program.folds().stream().anyMatch(fold -> !fold.lanes());
        this.values = new LaneValues(code, lanes, memory, program, layout, frames);
        this.partial = values.partials();
    }

    /**
     * Code with what it needs.
     *
     * @param code the bytes of the function
     * @param layout of its parameters
     * @param slots the number of slots among the parameters
     */
    record Result(byte[] code, ParameterLayout layout, int slots) {}

    static Result generate(BlockProgram program) {
        return new MachineGenerator(program).write();
    }

    private Result write() {
        frames.begin(code);
        code.mask(MaskInstruction.KMOVW, LaneMemory.REST_MASK, 0, parameter(ParameterLayout.REST));
        values.fixed();
        if (foldsLines) {
            Label wide = code.label();
            code.general(GeneralInstruction.MOV, General.RAX, parameter(ParameterLayout.COLUMNS));
            code.general(GeneralInstruction.CMP_IMMEDIATE, 7, Operand.register(General.RAX), (long) NARROW * width);
            code.jump(Condition.ABOVE, wide);
            narrowRows();
            code.place(wide);
        }
        rows();
        return new Result(code.finish(), layout, values.slots());
    }

    private static Operand parameter(int offset) {
        return Operand.at(LaneMemory.PARAMETERS, offset);
    }

    /** The usual order of loops: rows, lines, columns. */
    private void rows() {
        Label row = code.label();
        code.place(row);
        memory.openRow();
        for (FoldOutput fold : program.folds()) {
            if (fold.lanes()) {
                lanes.load(type(fold), partial(fold), memory.vector(fold.binding()), 0);
            }
        }
        lines(() -> {
            Label rest = code.label();
            Label end = code.label();
            zero(LaneMemory.COLUMN);
            compareColumn(ParameterLayout.WHOLE);
            code.jump(Condition.ABOVE_OR_EQUAL, rest);
            Label top = code.label();
            code.place(top);
            body(false, !foldsLines);
            nextColumns();
            compareColumn(ParameterLayout.WHOLE);
            code.jump(Condition.BELOW, top);
            code.place(rest);
            compareColumn(ParameterLayout.COLUMNS);
            code.jump(Condition.ABOVE_OR_EQUAL, end);
            body(true, !foldsLines);
            code.place(end);
        });
        for (FoldOutput fold : program.folds()) {
            if (fold.lanes()) {
                lanes.store(type(fold), partial(fold), memory.vector(fold.binding()), 0);
            }
        }
        nextRow(row);
    }

    /** For few columns whose lines are folded: lines are the inner loop, with partial results in registers. */
    private void narrowRows() {
        Label row = code.label();
        Label rest = code.label();
        Label end = code.label();
        code.place(row);
        zero(LaneMemory.COLUMN);
        Label top = code.label();
        code.place(top);
        compareColumn(ParameterLayout.WHOLE);
        code.jump(Condition.ABOVE_OR_EQUAL, rest);
        columnOfLines(false);
        nextColumns();
        code.jump(top);
        code.place(rest);
        compareColumn(ParameterLayout.COLUMNS);
        code.jump(Condition.ABOVE_OR_EQUAL, end);
        columnOfLines(true);
        code.place(end);
        nextRow(row);
    }

    private void columnOfLines(boolean rest) {
        memory.openRow();
        for (FoldOutput fold : program.folds()) {
            lanes.load(type(fold), partial(fold), memory.vector(fold.binding()), 0);
        }
        lines(() -> body(rest, true));
        for (FoldOutput fold : program.folds()) {
            // beyond the last column there is room in the array
            lanes.store(type(fold), partial(fold), memory.vector(fold.binding()), 0);
        }
    }

    private void lines(Runnable body) {
        code.general(GeneralInstruction.MOV, LaneMemory.LINE, parameter(ParameterLayout.LINES));
        Label line = code.label();
        code.place(line);
        values.ofLine();
        body.run();
        memory.nextLine();
        code.general(GeneralInstruction.DEC, 1, Operand.register(LaneMemory.LINE));
        code.jump(Condition.NOT_EQUAL, line);
    }

    private void nextRow(Label row) {
        memory.nextRow();
        code.general(GeneralInstruction.DEC, 1, parameter(ParameterLayout.ROWS));
        code.jump(Condition.NOT_EQUAL, row);
        frames.end(code);
    }

    private void zero(int register) {
        code.general(GeneralInstruction.XOR32, register, Operand.register(register));
    }

    private void compareColumn(int limit) {
        code.general(GeneralInstruction.CMP, LaneMemory.COLUMN, parameter(limit));
    }

    private void nextColumns() {
        code.general(GeneralInstruction.ADD_IMMEDIATE, 0, Operand.register(LaneMemory.COLUMN), (long) width);
    }

    private LaneType type(FoldOutput fold) {
        return program.ops().get(fold.op()).type();
    }

    private int partial(FoldOutput fold) {
        return partial[program.folds().indexOf(fold)];
    }

    /**
     * The code of one vector.
     *
     * @param inRegisters whether partial results are in registers, or else in memory
     */
    private void body(boolean rest, boolean inRegisters) {
        values.beginBody(rest);
        int count = program.ops().size();
        boolean[] folded = new boolean[program.folds().size()];
        for (int i = 0; i < count; i++) {
            if (values.isOfColumn(i)) {
                values.compute(i);
            }
            for (int f = 0; f < folded.length; f++) {
                FoldOutput fold = program.folds().get(f);
                if (fold.op() == i && values.isOfColumn(i)) {
                    fold(f, rest, inRegisters);
                    folded[f] = true;
                }
            }
        }
        for (int f = 0; f < folded.length; f++) {
            if (!folded[f]) {
                fold(f, rest, inRegisters);
            }
        }
        values.beginOutputs();
        int position = 0;
        for (Output output : program.outputs()) {
            values.moveToOutput(position++);
            LaneType type = program.ops().get(output.op()).type();
            memory.store(output.binding(), type, values.register(output.op()), rest, values::temporary);
        }
    }

    private void fold(int number, boolean rest, boolean inRegisters) {
        FoldOutput fold = program.folds().get(number);
        values.moveToFold(fold.op());
        LaneType type = type(fold);
        int x = values.register(fold.op());
        int free = values.temporary();
        if (inRegisters) {
            lanes.combine(fold.reduction(), type, partial[number], x, free, rest ? LaneMemory.REST_MASK : 0);
            return;
        }
        int total = values.temporary();
        lanes.load(type, total, memory.vector(fold.binding()), 0);
        lanes.combine(fold.reduction(), type, total, x, free, 0);
        lanes.store(type, total, memory.vector(fold.binding()), 0);
    }
}
