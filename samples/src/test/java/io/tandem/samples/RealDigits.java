package io.tandem.samples;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tandem.samples.data.DataFolders;
import io.tandem.samples.data.Downloads;
import io.tandem.samples.data.Mnist;
import io.tandem.samples.data.Progress;
import java.util.Optional;

/** MNIST for tests that state what is reached on it. */
final class RealDigits {
    private RealDigits() {}

    /** The digits; the test is skipped where they are not. */
    static Mnist load() {
        Mnist digits = System.getenv(DataFolders.VARIABLE) == null
                ? Mnist.drawn(1, 1, 1)
                : Mnist.load(DataFolders.standard(Optional.empty()), Downloads.none(), 1, Progress.SILENT);
        assumeTrue(digits.source() == Mnist.Source.MNIST, "MNIST is not in the folder named by TANDEM_DATA");
        return digits;
    }

    /** The first samples only. */
    static Mnist load(int train, int test) {
        Mnist all = load();
        return new Mnist(all.train().take(train), all.test().take(test), all.source(), all.description());
    }
}
