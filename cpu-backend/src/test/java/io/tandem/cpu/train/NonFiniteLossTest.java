package io.tandem.cpu.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.tandem.backend.Device;
import io.tandem.data.ArrayDataset;
import io.tandem.data.DataLoader;
import io.tandem.nn.Dense;
import io.tandem.nn.Losses;
import io.tandem.nn.Model;
import io.tandem.optim.Sgd;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.train.State;
import io.tandem.train.Trainer;
import io.tandem.train.Training;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** A run whose loss is not finite says so, also where no callback looks. */
class NonFiniteLossTest {
    @Test
    void epochsWithNonFiniteLossAreWarnedOf() {
        List<String> warnings = warnings(Float.NaN);
        assertEquals(2, warnings.size(), warnings.toString());
        assertTrue(warnings.getFirst().startsWith("epoch 0: the loss is NaN"), warnings.getFirst());
        assertEquals(List.of(), warnings(1));
    }

    /** What the trainer warns of in two epochs on three samples, one of which is given. */
    private static List<String> warnings(float value) {
        Logger logger = (Logger) LoggerFactory.getLogger(Trainer.class);
        ListAppender<ILoggingEvent> lines = new ListAppender<>();
        lines.start();
        logger.addAppender(lines);
        Model model = Model.of(Dense.of(1), 1);
        try (Device device = Device.of("reference"); State state = State.of(model, device, 1)) {
            NDArray x = NDArray.of(Shape.of(3, 1), 1, value, 3);
            DataLoader data = DataLoader.of(ArrayDataset.of(x, NDArray.of(Shape.of(3, 1), 1, 2, 3)), 3);
            Trainer.of(Training.of(model, Losses.meanSquaredError(), Sgd.of(0.01))).fit(state, data, 2);
        } finally {
            logger.detachAppender(lines);
        }
        return lines.list.stream()
                .filter(line -> line.getLevel() == Level.WARN)
                .map(ILoggingEvent::getFormattedMessage)
                .toList();
    }
}
