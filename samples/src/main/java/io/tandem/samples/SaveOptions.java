package io.tandem.samples;

import io.tandem.io.AtomicFile;
import io.tandem.nn.Model;
import io.tandem.onnx.OnnxExport;
import io.tandem.train.Checkpoint;
import io.tandem.train.ModelCheckpoint;
import io.tandem.train.State;
import io.tandem.train.Trainer;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Options for keeping what was trained, and for going on with it. */
final class SaveOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(
            names = "--save",
            paramLabel = "DIR|FILE",
            description = {
                "A folder for checkpoints, to resume from; or a file for what was trained: .npz or .safetensors for the"
                        + " weights, .onnx for the whole model, to be run by other engines."
            })
    private Path save;

    /** Endings of other programs' files, for which nobody would want a folder. */
    private static final List<String> FOREIGN =
            List.of(".pt", ".pth", ".ckpt", ".h5", ".keras", ".pb", ".tflite", ".bin", ".npy", ".zip", ".json");

    @Option(
            names = "--save-steps",
            paramLabel = "N",
            defaultValue = "200",
            description = "Steps between checkpoints, beside those after each epoch. Default: 200; 0 for none.")
    private int saveSteps;

    @Option(
            names = "--resume",
            paramLabel = "DIR",
            description = "Go on from the newest checkpoint in a folder, and write further ones there. Give all other"
                    + " options as before.")
    private Path resume;

    /** Where to go on from, if that was asked for; before any work, so it also looks whether results can be saved. */
    Optional<Checkpoint> checkpoint() {
        if (saveSteps < 0) {
            throw new ParameterException(spec.commandLine(), "--save-steps must not be negative, got " + saveSteps);
        }
        if (resume != null && save != null && !isFile(save)) {
            throw new ParameterException(spec.commandLine(),
                    "--resume writes its checkpoints into its own folder: leave out --save, or let it name a .npz, .safetensors"
                            + " or .onnx file");
        }
        if (save != null && isFile(save)) {
            AtomicFile.requireWritable(save);
        }
        if (save != null && FOREIGN.stream().anyMatch(ending -> hasEnding(save, ending))) {
            throw new ParameterException(spec.commandLine(), "--save " + save
                    + ": files of this kind are not written; weights go to .safetensors or .npz, models to .onnx");
        }
        return Optional.ofNullable(resume).map(Checkpoint::read);
    }

    /** The threads of the run that is resumed: other numbers give other bits. */
    static OptionalInt threads(Optional<Checkpoint> checkpoint) {
        return checkpoint.map(Checkpoint::threads).orElse(OptionalInt.empty());
    }

    /** A trainer that goes on from a checkpoint and writes further ones, as was asked for. */
    Trainer attach(Trainer trainer, Optional<Checkpoint> checkpoint) {
        Trainer resumed = checkpoint.map(trainer::resuming).orElse(trainer);
        Path folder = resume != null ? resume : save == null || isFile(save) ? null : save;
        return folder == null ? resumed : resumed.with(ModelCheckpoint.to(folder).withSteps(saveSteps));
    }

    /** Writes the weights or the model if a file was asked for, and prints the weights' checksum. */
    void finish(State state, Model model, PrintWriter out) {
        if (save != null && isFile(save)) {
            if (hasEnding(save, ".onnx")) {
                OnnxExport.of(model, state).write(save);
                out.println("model: " + save);
            } else {
                Weights.save(state, model, save);
                out.println("weights: " + save);
            }
        }
        out.println("weights' checksum: " + Weights.checksum(state));
    }

    private static boolean isFile(Path path) {
        return hasEnding(path, ".npz") || hasEnding(path, ".safetensors") || hasEnding(path, ".onnx");
    }

    private static boolean hasEnding(Path path, String ending) {
        return String.valueOf(path.getFileName()).toLowerCase(Locale.ROOT).endsWith(ending);
    }
}
