package io.tandem.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.tandem.backend.Device;
import io.tandem.data.DataException;
import io.tandem.models.ChangeFromLast;
import io.tandem.models.LstmForecaster;
import io.tandem.models.RecurrentKind;
import io.tandem.nn.Initializers;
import io.tandem.nn.Model;
import io.tandem.samples.data.DataFolders;
import io.tandem.samples.data.Downloads;
import io.tandem.samples.data.EttH1;
import io.tandem.samples.data.Progress;
import io.tandem.samples.data.SeriesData;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.TensorType;
import io.tandem.train.Evaluation;
import io.tandem.train.State;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine.ParameterException;

/** Forecasts of ETTh1: the split, the naive lines, and better ones. */
@Tag("contract")
class Contract6_6ForecastTest {
    @TempDir
    Path folder;

    private static SeriesData etth1() {
        Optional<SeriesData> series = EttH1.find(
                DataFolders.standard(Optional.empty()), Downloads.none(), Optional.empty(), Progress.SILENT);
        assumeTrue(series.isPresent(), "TANDEM_DATA names no folder with ETTh1.csv");
        return series.orElseThrow();
    }

    @Test
    void splitScalingAndNaiveLines() {
        SeriesData series = etth1();
        assertEquals("OT", series.targetName());
        assertEquals(12 * 720, series.trainEnd());
        assertEquals(16 * 720, series.validationEnd());
        assertEquals(20 * 720, series.testEnd());
        SeriesData.ForecastError last = series.lastValue(24);
        assertEquals(0.034, last.mse(), 5e-4);
        assertEquals(0.139, last.mae(), 5e-4);
        // Mean 0 and deviation 1 over the training rows alone.
        NDArray scaled = series.univariate().forecasting(96, 24).scaled();
        double sum = 0;
        double squares = 0;
        for (int row = 0; row < 12 * 720; row++) {
            sum += scaled.getDouble(row);
            squares += scaled.getDouble(row) * scaled.getDouble(row);
        }
        assertEquals(0, sum / (12 * 720), 1e-5);
        assertEquals(1, squares / (12 * 720), 1e-5);
        assertEquals(TensorType.f32(96, 7), series.forecasting(96, 24).test().types().getFirst());
        assertEquals(last, series.univariate().lastValue(24));
    }

    private Path series(int rows) throws IOException {
        Random random = new Random(1);
        StringBuilder text = new StringBuilder("load,temperature\n");
        for (int i = 0; i < rows; i++) {
            text.append("%s,%s\n".formatted(
                    Math.sin(i * Math.PI / 12) + 0.1 * random.nextGaussian(), Math.cos(i * Math.PI / 12)));
        }
        return Files.writeString(folder.resolve("series.csv"), text.toString());
    }

    @Test
    void everyFormOfInputAndTarget() throws IOException {
        String file = series(600).toString();
        for (String form : new String[] {"direct", "change"}) {
            for (String features : new String[] {"univariate", "multivariate"}) {
                CommandRun run = CommandRun.of(
                        new ForecastCommand(), "--series", file, "--target", "load", "--window", "24", "--horizon", "6",
                        "--units", "16", "--epochs", "6", "--rate", "1e-2", "--batch", "16", "--device", "cpu",
                        "--out", folder.toString(), "--target-form", form, "--features", features, "--json");
                assertTrue(run.text().contains("last value"), run.text());
                assertTrue(run.text().contains("day ago"), run.text());
                JsonNode report = run.report();
                assertEquals(form, report.get("target_form").asText());
                assertEquals(features, report.get("features").asText());
                // The last value is far off in a wave; repeating the day before is hard to beat.
                assertTrue(report.get("mse").asDouble() < report.get("mse_last_value").asDouble() / 3, run.text());
            }
        }
    }

    @Test
    void theChangeFromTheLastValueDoesNotDependOnTheLevel() {
        LstmForecaster forecaster = LstmForecaster.of(RecurrentKind.GRU, 1, 8, 3)
                .withHeadWeights(Initializers.normal(0, 1));
        Model model = Model.of(new ChangeFromLast(forecaster, 1), 5, 2);
        Random random = new Random(1);
        NDArray x = NDArray.generate(TensorType.f32(4, 5, 2), i -> random.nextGaussian());
        NDArray above = NDArray.generate(x.type(), i -> x.getDouble(i) + 8);
        try (Device device = Device.of("cpu");
                State state = State.of(model, device, 1);
                Evaluation evaluation = new Evaluation(model, state)) {
            NDArray y = evaluation.predict(x);
            NDArray higher = evaluation.predict(above);
            for (int i = 0; i < 12; i++) {
                assertEquals(y.getDouble(i) + 8, higher.getDouble(i), 1e-5);
            }
        }
        // Before training it is the naive forecast.
        Model naive = Model.of(ChangeFromLast.of(forecaster, 1), 5, 2);
        try (Device device = Device.of("cpu");
                State state = State.of(naive, device, 1);
                Evaluation evaluation = new Evaluation(naive, state)) {
            NDArray y = evaluation.predict(x);
            for (int i = 0; i < 12; i++) {
                assertEquals(x.getDouble(i / 3 * 10L + 9), y.getDouble(i), 0);
            }
        }
    }

    @Test
    void seriesShorterThanTheWindow() throws IOException {
        String file = series(100).toString();
        String message = assertThrows(
                DataException.class, () -> CommandRun.of(new ForecastCommand(), "--series", file, "--window", "96"))
                .getMessage();
        assertTrue(
                message.endsWith(
                        "a window of 96 and a horizon of 24 rows do not fit into 60 training, 20 validation and"
                                + " 20 test rows; use smaller ones"),
                message);
        for (String[] wrong : new String[][] {
            {"--window", "0"}, {"--horizon", "0"}, {"--units", "0"}, {"--layers", "0"}, {"--dropout", "1"},
            {"--rate", "0"}, {"--patience", "0"}, {"--features", "some"}, {"--target-form", "log"}
        }) {
            String named = assertThrows(
                    ParameterException.class, () -> CommandRun.of(new ForecastCommand(), wrong)).getMessage();
            assertTrue(named.contains(wrong[0]), named);
        }
    }

    /** The sample as the README has it; see docs/contract.md for the figure. */
    @Test
    @Tag("slow")
    void betterThanTheNaiveLineAndThePublishedOnes() {
        etth1();
        JsonNode report = CommandRun.of(
                new ForecastCommand(), "--horizon", "24", "--device", "cpu", "--out", folder.toString(), "--json")
                .report();
        double mse = report.get("mse").asDouble();
        double mae = report.get("mae").asDouble();
        // LSTMa and Informer, as published by Zhou et al. (2021).
        assertTrue(mse < 0.114 && mae < 0.272, report.toString());
        assertTrue(mse < 0.098 && mae < 0.247, report.toString());
        // The last value.
        assertTrue(mse <= 0.034 && mae <= 0.139, report.toString());
    }
}
