package io.tandem.samples.tutorial;

import io.tandem.backend.Device;
import io.tandem.data.CharVocabulary;
import io.tandem.data.DataLoader;
import io.tandem.data.TokenWindows;
import io.tandem.graph.Tensor;
import io.tandem.models.Gpt;
import io.tandem.models.TextSampler;
import io.tandem.nn.Dense;
import io.tandem.nn.Layer;
import io.tandem.nn.Loss;
import io.tandem.nn.Losses;
import io.tandem.nn.Model;
import io.tandem.optim.Adam;
import io.tandem.tensor.DType;
import io.tandem.tensor.TensorType;
import io.tandem.train.Evaluation;
import io.tandem.train.State;
import io.tandem.train.Trainer;
import io.tandem.train.Training;
import java.util.Random;

/** Attention, and a small Transformer that learns a rhyme. */
final class Chapter10Transformer {
    private Chapter10Transformer() {}

    // tag: attention
    /** One head of attention, from [N, T, features] to [N, T, size]. */
    record Head(int size, Dense query, Dense key, Dense value) implements Layer {
        static Head of(int size) {
            return new Head(size, Dense.of(size), Dense.of(size), Dense.of(size));
        }

        @Override
        public Tensor forward(Tensor x) {
            Tensor scores = query.apply(x).matmul(key.apply(x), false, true).div(Math.sqrt(size));
            return scores.softmax(-1).matmul(value.apply(x));
        }
    }
    // end

    // tag: text
    static final String RHYME = """
            twinkle twinkle little star
            how i wonder what you are
            up above the world so high
            like a diamond in the sky
            """;
    // end

    static void main() {
        // tag: shapes
        Model head = Model.of(Head.of(4), 6, 8);
        System.out.println("attention: " + head.inputs() + " to " + head.outputs());
        // end
        // tag: train
        int context = 16;
        CharVocabulary vocabulary = CharVocabulary.of(RHYME);
        Gpt gpt = Gpt.of(new Gpt.Config(vocabulary.size(), context, 2, 2, 32, 0));
        Model model = Model.of(gpt, TensorType.of(DType.I32, context));
        Loss loss = Losses.crossEntropy().withClassAxis(-1);
        Training training = Training.of(model, loss, Adam.of(0.01));
        try (Device device = Device.best(); State state = State.of(model, device, 1)) {
            DataLoader batches = DataLoader.of(TokenWindows.sliding(vocabulary.encode(RHYME), context), 32)
                    .shuffled(1)
                    .withDropLast(true);
            System.out.println("parameters: " + model.parameterCount());
            System.out.println(
                    "loss: " + Trainer.of(training).fit(state, batches, 100).last().training().get("loss"));
            try (Evaluation evaluation = new Evaluation(model, state)) {
                TextSampler sampler = TextSampler.of(evaluation, vocabulary, context).withTemperature(0);
                System.out.println("twinkle" + sampler.write("twinkle", 47, new Random(1)));
            }
        }
        // end
    }
}
