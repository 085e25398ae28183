package io.tandem.models.playground;

import io.tandem.backend.Device;
import io.tandem.data.ArrayDataset;
import io.tandem.data.Batch;
import io.tandem.data.Batches;
import io.tandem.data.DataLoader;
import io.tandem.nn.Loss;
import io.tandem.nn.Losses;
import io.tandem.nn.Model;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import io.tandem.train.Evaluation;
import io.tandem.train.State;
import io.tandem.train.TrainStep;
import io.tandem.train.Training;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * An experiment in progress, for pages that show it learn: trained for some epochs at a time, looked at in between. All its
 * networks are trained in one graph. Used by one thread at a time.
 */
public final class PlaygroundRun implements AutoCloseable {
    /** Half the side of the square that points and {@link #surface surfaces} lie in. */
    public static final double EXTENT = 6;

    private final Experiment experiment;
    private final long seed;
    private final List<Points> training = new ArrayList<>();
    private final List<Points> test = new ArrayList<>();
    private final State state;
    private final TrainStep step;
    private final Evaluation evaluation;
    private final List<Batch> batches = new ArrayList<>();
    private int epochs;

    /**
     * Draws points and weights.
     *
     * @param experiment what is to be done
     * @param device where; it must stay open as long as this run
     * @param members number of networks
     * @param seed the first network's seed; the others have the following ones
     */
    public PlaygroundRun(Experiment experiment, Device device, int members, long seed) {
        if (members < 1) {
            throw new IllegalArgumentException("playground: an experiment needs at least 1 network, got " + members);
        }
        this.experiment = experiment;
        this.seed = seed;
        int count = (int) Math.round(experiment.samples() * experiment.trainingShare());
        for (int m = 0; m < members; m++) {
            Points all = experiment.data().draw(experiment.samples(), experiment.noise(), seed + m);
            training.add(all.rows(0, count));
            test.add(all.rows(count, experiment.samples()));
        }
        Model model = experiment.model(members);
        state = State.of(model, device, seed);
        Loss loss = (y, target) -> Losses.meanSquaredError().of(y, target).mul(0.5 * members);
        Training how = Training.of(model, loss, experiment.optimizer());
        step = new TrainStep(
                experiment.regularizer().map(how::withRegularizers).orElse(how), state, TensorType.f32(members));
        evaluation = new Evaluation(model, state);
        NDArray labels = NDArray.generate(
                TensorType.f32(count, members),
                i -> training.get(i % members).labels().getDouble(i / members));
        // The order never changes, so the batches of one epoch are those of all.
        try (Batches epoch = DataLoader.of(ArrayDataset.of(inputs(training), labels), experiment.batch()).epoch(0)) {
            epoch.forEachRemaining(batches::add);
        }
    }

    /** What is done. */
    public Experiment experiment() {
        return experiment;
    }

    /** The passes over the training points so far. */
    public int epochs() {
        return epochs;
    }

    /** The points that a network is trained on. */
    public Points training(int member) {
        return training.get(Objects.checkIndex(member, training.size()));
    }

    /** The points that a network is tested on. */
    public Points test(int member) {
        return test.get(Objects.checkIndex(member, test.size()));
    }

    /** Trains for some more epochs. */
    public void train(int more) {
        for (int i = 0; i < more; i++) {
            for (Batch batch : batches) {
                step.run(List.of(batch.column(0)), batch.column(1));
            }
            epochs++;
        }
    }

    /** What the networks have learned so far. */
    public Outcome outcome() {
        double[][] known = outputs(inputs(training));
        double[][] unknown = outputs(inputs(test));
        return new Outcome(
                experiment,
                epochs,
                IntStream.range(0, training.size())
                        .mapToObj(m -> new Outcome.Member(
                                seed + m,
                                training.get(m).loss(known[m]),
                                training.get(m).accuracy(known[m]),
                                test.get(m).loss(unknown[m]),
                                test.get(m).accuracy(unknown[m])))
                        .toList());
    }

    /**
     * A network's output over the square from -{@value #EXTENT} to {@value #EXTENT}: row 0 at the top, values from -1 to 1.
     *
     * @param size points per side, at least 2
     */
    public double[][] surface(int member, int size) {
        Objects.checkIndex(member, training.size());
        if (size < 2) {
            throw new IllegalArgumentException("playground: a surface needs at least 2 points per side, got " + size);
        }
        float[] x = new float[2 * size * size];
        for (int i = 0; i < size * size; i++) {
            x[2 * i] = (float) (EXTENT * (2.0 * (i % size) / (size - 1) - 1));
            x[2 * i + 1] = (float) (EXTENT * (1 - 2.0 * (i / size) / (size - 1)));
        }
        Points grid = new Points(
                NDArray.of(Shape.of(size * size, 2), x), NDArray.full(TensorType.f32(size * size), 1));
        double[] outputs = outputs(inputs(training.stream().map(p -> grid).toList()))[member];
        double[][] rows = new double[size][];
        for (int row = 0; row < size; row++) {
            rows[row] = java.util.Arrays.copyOfRange(outputs, row * size, (row + 1) * size);
        }
        return rows;
    }

    /** The features of points, one set per network: [N, members, features]. */
    private NDArray inputs(List<Points> sets) {
        List<Feature> features = experiment.features();
        int members = sets.size();
        return NDArray.generate(TensorType.f32(sets.getFirst().size(), members, features.size()), i -> {
            int point = i / features.size() / members;
            Points points = sets.get(i / features.size() % members);
            return features.get(i % features.size()).of(points.x1(point), points.x2(point));
        });
    }

    /** Outputs per network. */
    private double[][] outputs(NDArray inputs) {
        NDArray all = evaluation.predict(inputs);
        int members = training.size();
        double[][] outputs = new double[members][all.shape().dim(0)];
        for (int i = 0; i < all.shape().size(); i++) {
            outputs[i % members][i / members] = all.getDouble(i);
        }
        return outputs;
    }

    @Override
    public void close() {
        evaluation.close();
        step.close();
        state.close();
    }
}
