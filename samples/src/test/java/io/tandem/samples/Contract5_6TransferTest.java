package io.tandem.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.backend.Device;
import io.tandem.data.Dataset;
import io.tandem.io.Safetensors;
import io.tandem.samples.bench.Precision;
import io.tandem.samples.data.Digits;
import io.tandem.samples.data.Mnist;
import io.tandem.train.Callback;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Features of the digits 0 to 4 help with 5 to 9. */
@Tag("contract")
class Contract5_6TransferTest {
    @TempDir
    Path folder;

    @Tag("slow")
    @Test
    void fewLabelsGoFurtherOnFrozenFeatures() {
        Mnist digits = RealDigits.load();
        Path file = folder.resolve("features.safetensors");
        try (Device device = Device.of("cpu")) {
            Transfer transfer = new Transfer(digits, device, Precision.F32, 1);
            Dataset target = transfer.target(5);
            assertEquals(25, target.size());
            double before = transfer.pretrain(transfer.source(), 3, file, new Callback() {});
            assertTrue(before > 0.98, () -> "accuracy on the digits 0 to 4: " + before);
            assertTrue(Safetensors.read(file).containsKey("features.0.weight"));
            double transferred = transfer.adapt(target, 60, file);
            double scratch = transfer.fromScratch(target, 60);
            assertTrue(transferred > scratch + 0.02, () -> transferred + " is not better than " + scratch);
            assertTrue(transferred > 0.7, () -> "accuracy " + transferred);
        }
    }

    @Test
    void partsOfDataSets() {
        Mnist drawn = Mnist.drawn(200, 10, 1);
        Dataset high = Digits.between(drawn.train(), 5, 9);
        for (long label : high.columns(1).all().column(0).toLongs()) {
            assertTrue(label >= 0 && label < 5);
        }
        assertEquals(10, Digits.firstOfEach(high, 5, 2).size());
        String few = assertThrows(IllegalArgumentException.class, () -> Digits.firstOfEach(high, 5, 500)).getMessage();
        assertTrue(few.matches("class \\d has \\d+ samples, fewer than the 500 asked for"), few);
        assertThrows(IllegalArgumentException.class, () -> Digits.between(drawn.train(), 10, 12));
    }
}
