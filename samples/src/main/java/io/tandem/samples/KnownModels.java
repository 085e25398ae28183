package io.tandem.samples;

import io.tandem.models.Zoo;
import io.tandem.nn.Losses;
import io.tandem.nn.Mode;
import io.tandem.nn.Model;
import io.tandem.optim.Adam;
import io.tandem.train.Training;
import io.tandem.train.TrainingMemory;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** All models that the command line knows by name: those of the samples and those of the zoo. */
final class KnownModels {
    private KnownModels() {}

    /** The names, for help and completion. */
    static final class Names implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return names().iterator();
        }
    }

    static List<String> names() {
        return Stream.concat(
                Arrays.stream(NamedModel.values()).map(NamedModel::id),
                Arrays.stream(Zoo.values()).map(Zoo::id))
                .distinct()
                .toList();
    }

    static Optional<Model> find(String name) {
        String wanted = name.toLowerCase(Locale.ROOT);
        return Arrays.stream(NamedModel.values())
                .filter(m -> m.id().equals(wanted))
                .findFirst()
                .map(NamedModel::model)
                .or(() -> Zoo.find(wanted).map(Zoo::model));
    }

    /** What training with Adam needs; the loss, whatever it is, adds next to nothing. */
    static TrainingMemory trainingMemory(Model model, int batch) {
        double[] weights = new double[model.trace(Mode.TRAINING, 2).outputs().size()];
        Arrays.fill(weights, 1);
        Training training = Training.of(model, Losses.weighted(Losses.meanSquaredError(), weights), Adam.of(1e-3));
        return TrainingMemory.of(training, batch, model.outputs().getFirst());
    }
}
