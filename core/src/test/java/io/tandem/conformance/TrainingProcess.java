package io.tandem.conformance;

import io.tandem.backend.Device;
import io.tandem.data.DataLoader;
import io.tandem.io.Checksum;
import io.tandem.nn.Activation;
import io.tandem.nn.Dense;
import io.tandem.nn.Model;
import io.tandem.nn.Sequential;
import io.tandem.train.Checkpoint;
import io.tandem.train.CheckpointFolder;
import io.tandem.train.ModelCheckpoint;
import io.tandem.train.State;
import io.tandem.train.Trainer;
import java.io.PrintStream;
import java.nio.file.Path;

/**
 * A training run in a process of its own, for tests that end it without mercy: writes a checkpoint after every step, goes
 * on from the newest one if there is one, and prints the checksum of what it trained.
 */
public final class TrainingProcess {
    /** Batches of one epoch. */
    public static final int STEPS_PER_EPOCH = 6;

    private TrainingProcess() {}

    /**
     * Trains.
     *
     * @param arguments device, folder of the checkpoints, epochs, units of the hidden layer
     */
    public static void main(String[] arguments) {
        PrintStream out = System.out;
        Path folder = Path.of(arguments[1]);
        int epochs = Integer.parseInt(arguments[2]);
        int units = Integer.parseInt(arguments[3]);
        Model model = Model.of(Sequential.of(Dense.of(units), Activation.tanh(), Dense.of(TrainingRuns.CLASSES)), 4);
        Trainer trainer = Trainer.of(TrainingRuns.training(model))
                .with(ModelCheckpoint.to(folder).withSteps(1).withKeep(2));
        if (!CheckpointFolder.of(folder).files().isEmpty()) {
            Checkpoint newest = Checkpoint.read(folder);
            out.println("resumed " + newest.step());
            trainer = trainer.resuming(newest);
        }
        try (Device device = Device.of(arguments[0]);
                State state = State.of(model, device, 3)) {
            out.println("started");
            trainer.fit(
                    state,
                    DataLoader.of(TrainingRuns.points(23, 5), 4).shuffled(9),
                    TrainingRuns.points(10, 6),
                    epochs);
            out.println("checksum " + Checksum.sha256(state.snapshot()));
        }
    }
}
