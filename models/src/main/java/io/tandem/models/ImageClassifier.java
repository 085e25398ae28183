package io.tandem.models;

import io.tandem.graph.GraphException;
import io.tandem.graph.Tensor;
import io.tandem.nn.Layer;

/**
 * A classifier of images [N, channels, height, width]: features [N, size], then the logits [N, classes] of a head. The
 * parameters of all architectures here stand below {@code features} and {@code classifier}, so a trained body is used for
 * other classes like this:
 *
 * <pre>{@code
 * Layer net = ResNet.resNet18(1000).withClassifier(Dense.of(5));
 * Model model = Model.of(net, 3, 224, 224).freeze("features");
 * State state = State.of(model, device, 1);
 * WeightFile.load(state, file, Loading.strict().only("features"));
 * }</pre>
 *
 * @param name of the architecture, for errors
 * @param smallest the smallest height and width that leave something for the last layers
 * @param features from images to a vector each
 * @param classifier from vectors to logits
 */
public record ImageClassifier(String name, int smallest, Layer features, Layer classifier) implements Layer {

    /** The same features with another head. Parameters of the features are shared with this classifier. */
    public ImageClassifier withClassifier(Layer head) {
        return new ImageClassifier(name, smallest, features, head);
    }

    @Override
    public Tensor forward(Tensor x) {
        requireImages(name, smallest, x);
        return classifier.apply(features.apply(x));
    }

    /** Refuses what an architecture cannot see. */
    static void requireImages(String name, int smallest, Tensor x) {
        if (x.rank() != 4 || x.dim(2) < smallest || x.dim(3) < smallest) {
            throw new GraphException("%s: the input %s must be images [N, channels, height, width] of at least %d x %d"
                    .formatted(name, x.type(), smallest, smallest));
        }
    }
}
