package io.tandem.samples;

import io.tandem.data.Batch;
import io.tandem.data.Batches;
import io.tandem.data.DataLoader;
import io.tandem.samples.data.Mnist;
import io.tandem.samples.plot.ConfusionMatrix;
import io.tandem.samples.plot.Curve;
import io.tandem.samples.plot.Mistakes;
import io.tandem.samples.plot.TrainingReport;
import io.tandem.tensor.NDArray;
import io.tandem.train.Epoch;
import io.tandem.train.Evaluation;
import io.tandem.train.History;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;

/** What a classifier of digits got right and wrong: a confusion matrix as text, and a picture. */
final class MnistReport {
    private static final int CLASSES = 10;
    private static final int SHOWN = 40;

    private final ConfusionMatrix confusion = ConfusionMatrix.of(CLASSES);
    private final Mistakes mistakes = new Mistakes(SHOWN);

    /** Looks at the predictions for all test images. */
    MnistReport(Mnist digits, Evaluation evaluation) {
        try (Batches batches = DataLoader.of(digits.test(), 256).epoch(0)) {
            for (Batch batch : batches) {
                NDArray logits = evaluation.predict(batch.column(0));
                confusion.add(batch.column(1), logits);
                mistakes.add(batch.column(0), batch.column(1), logits);
            }
        }
    }

    double accuracy() {
        return confusion.accuracy();
    }

    void print(PrintWriter out) {
        out.println();
        out.println(confusion.text());
    }

    /** Writes learning curves and the most confident mistakes. */
    void draw(Path file, String title, History history) {
        TrainingReport.write(
                file,
                title,
                List.of(
                        curve("training", history, e -> e.training().get("loss")),
                        curve("test", history, e -> e.validation().get("loss"))),
                List.of(
                        curve("training", history, e -> e.training().get("accuracy")),
                        curve("test", history, e -> e.validation().get("accuracy"))),
                mistakes,
                IntStream.range(0, CLASSES).mapToObj(Integer::toString).toList());
    }

    private static Curve curve(String name, History history, Function<Epoch, Double> figure) {
        return new Curve(name, history.epochs().stream().map(figure).toList());
    }
}
