package io.tandem.models;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tandem.backend.Device;
import io.tandem.graph.GraphException;
import io.tandem.nn.Dense;
import io.tandem.nn.Loss;
import io.tandem.nn.Losses;
import io.tandem.nn.Model;
import io.tandem.optim.Sgd;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import io.tandem.tensor.Shape;
import io.tandem.tensor.TensorType;
import io.tandem.train.State;
import io.tandem.train.TrainStep;
import io.tandem.train.Training;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The published networks: numbers of parameters, shapes, and that they learn. */
@Tag("contract")
class Contract5_5ArchitecturesTest {
    private static final int BATCH = 2;

    @ParameterizedTest
    @CsvSource({
        "LENET5, 61_706",
        "ALEXNET, 61_100_840",
        "VGG11, 132_863_336",
        "VGG13, 133_047_848",
        "VGG16, 138_357_544",
        "VGG19, 143_667_240",
        "GOOGLENET, 6_624_904",
        "GOOGLENET_AUX, 13_004_888",
        "INCEPTION_V4, 42_679_816",
        "RESNET18, 11_689_512",
        "RESNET34, 21_797_672",
        "RESNET50, 25_557_032",
        "RESNET101, 44_549_160",
        "RESNET18_CIFAR, 11_173_962",
        "SE_RESNET50, 28_088_024",
        "XCEPTION, 22_855_952",
        "MOBILENET_V2, 3_504_872"
    })
    void parametersAreCountedAsPublishedWithoutAllocatingThem(Zoo zoo, String count) {
        Model model = zoo.model();
        assertEquals(Long.parseLong(count.replace("_", "")), model.parameterCount());
        int classes = model.inputs().getFirst().shape().dim(1) == 224 || zoo.id().matches("inception-v4|xception")
                ? 1000
                : 10;
        assertEquals(List.of(TensorType.f32(classes)), model.outputs());
    }

    @Test
    void xceptionHasStatisticsBeside() {
        long all = Zoo.XCEPTION.model().variables().values().stream()
                .mapToLong(v -> v.type().shape().size())
                .sum();
        assertEquals(22_910_480, all);
    }

    /** Published in units of 10^9, for images of 224 x 224. */
    @ParameterizedTest
    @CsvSource({
        "ALEXNET, 0.714",
        "VGG11, 7.609",
        "VGG13, 11.308",
        "VGG16, 15.470",
        "VGG19, 19.632",
        "GOOGLENET, 1.498",
        "GOOGLENET_AUX, 1.498",
        "RESNET18, 1.814",
        "RESNET34, 3.664",
        "RESNET50, 4.089",
        "RESNET101, 7.801",
        "MOBILENET_V2, 0.301"
    })
    void multiplyAddsAreThosePublished(Zoo zoo, double billions) {
        assertEquals(billions, zoo.model().profile().multiplyAdds() / 1e9, 0.0006);
    }

    @ParameterizedTest
    @CsvSource({"LENET5, 28", "GOOGLENET_AUX, 64", "RESNET18_CIFAR, 32", "MOBILENET_V2, 64"})
    void aStepOfTrainingChangesAllParameters(Zoo zoo, int size) {
        train(zoo, size);
    }

    @Tag("slow")
    @ParameterizedTest
    @CsvSource({
        "ALEXNET, 95",
        "VGG11, 64",
        "VGG13, 64",
        "VGG16, 64",
        "VGG19, 64",
        "GOOGLENET, 64",
        "INCEPTION_V4, 107",
        "RESNET18, 64",
        "RESNET34, 64",
        "RESNET50, 64",
        "RESNET101, 64",
        "SE_RESNET50, 64",
        "XCEPTION, 71"
    })
    void aStepOfTrainingChangesAllParametersOfTheLargeOnes(Zoo zoo, int size) {
        train(zoo, size);
    }

    private static void train(Zoo zoo, int size) {
        Model model = zoo.model(size);
        Loss loss = zoo == Zoo.GOOGLENET_AUX
                ? Losses.weighted(Losses.crossEntropy(), 1, 0.3, 0.3)
                : Losses.crossEntropy();
        Training training = Training.of(model, loss, Sgd.of(0.01));
        Random random = new Random(5);
        Shape images = model.inputs().getFirst().shape().insert(0, BATCH);
        NDArray x = NDArray.generate(new TensorType(DType.F32, images), i -> random.nextGaussian());
        NDArray labels = NDArray.ofInts(Shape.of(BATCH), 3, 7);
        try (Device device = Device.of("cpu");
                State state = State.of(model, device, 1);
                TrainStep step = new TrainStep(training, state, TensorType.of(DType.I32))) {
            float first = step.run(List.of(x), labels).loss();
            assertTrue(Float.isFinite(first) && first > 0, () -> "loss " + first);
            long seed = 1;
            for (Model.Variable variable : model.variables().values()) {
                NDArray now = state.get(variable.path());
                assertTrue(finite(now), variable.path());
                // A bias before a batch normalization has no effect; there is none, so all must move.
                assertFalse(now.equals(variable.initialize(seed)), () -> variable.path() + " did not change");
            }
            float second = step.run(List.of(x), labels).loss();
            assertTrue(Float.isFinite(second), () -> "second loss " + second);
        }
    }

    private static boolean finite(NDArray values) {
        for (long i = 0; i < values.shape().size(); i++) {
            if (!Double.isFinite(values.getDouble(i))) {
                return false;
            }
        }
        return true;
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "LENET5")
    void imagesThatAreTooSmallAreRefused(Zoo zoo) {
        String message = assertThrows(GraphException.class, () -> zoo.model(31)).getMessage();
        assertTrue(
                message.matches(".*: the input f32\\[2, 3, 31, 31] must be images \\[N, channels, height, width] of at"
                        + " least (32|63|71|75) x (32|63|71|75)"),
                message);
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "LENET5")
    void theSmallestImagesThatAreTakenAreEnough(Zoo zoo) {
        int smallest = switch (zoo) {
            case ALEXNET -> 63;
            case XCEPTION -> 71;
            case INCEPTION_V4 -> 75;
            default -> 32;
        };
        assertThrows(GraphException.class, () -> zoo.model(smallest - 1));
        assertEquals(zoo.model().parameterCount(), zoo.model(smallest).parameterCount());
    }

    @Test
    void anotherHeadStandsOnTheSameFeatures() {
        ImageClassifier trained = ResNet.resNet18(1000);
        Model model = Model.of(trained.withClassifier(Dense.of(5)), 3, 64, 64).freeze("features");
        assertEquals(List.of(TensorType.f32(5)), model.outputs());
        long trainable = model.variables().values().stream()
                .filter(Model.Variable::trainable)
                .mapToLong(v -> v.type().shape().size())
                .sum();
        assertEquals(512 * 5 + 5, trainable);
    }

    @Test
    void namesAreFound() {
        assertEquals(Zoo.RESNET18_CIFAR, Zoo.find("ResNet18-CIFAR").orElseThrow());
        assertTrue(Zoo.find("resnet19").isEmpty());
    }
}
