package io.tandem.models;

import io.tandem.nn.Layer;
import io.tandem.nn.Model;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.function.IntFunction;

/** The classifiers of images that this module has, each with the input that it was published for. */
public enum Zoo {
    /** LeNet-5 for digits. */
    LENET5("lenet5", "LeNet-5", "LeCun et al., 1998", 1, 28, 10, classes -> LeNet5.of()),
    /** AlexNet in one tower. */
    ALEXNET("alexnet", "AlexNet", "Krizhevsky et al., 2012", 3, 224, 1000, AlexNet::of),
    /** VGG with 11 layers. */
    VGG11("vgg11", "VGG-11", "Simonyan and Zisserman, 2015", 3, 224, 1000, Vgg::vgg11),
    /** VGG with 13 layers. */
    VGG13("vgg13", "VGG-13", "Simonyan and Zisserman, 2015", 3, 224, 1000, Vgg::vgg13),
    /** VGG with 16 layers. */
    VGG16("vgg16", "VGG-16", "Simonyan and Zisserman, 2015", 3, 224, 1000, Vgg::vgg16),
    /** VGG with 19 layers. */
    VGG19("vgg19", "VGG-19", "Simonyan and Zisserman, 2015", 3, 224, 1000, Vgg::vgg19),
    /** GoogLeNet with batch normalization. */
    GOOGLENET("googlenet", "GoogLeNet", "Szegedy et al., 2015", 3, 224, 1000, GoogLeNet::of),
    /** GoogLeNet with two auxiliary heads. */
    GOOGLENET_AUX("googlenet-aux", "GoogLeNet, auxiliary heads", "Szegedy et al., 2015", 3, 224, 1000,
            (classes, channels, size) -> GoogLeNet.withAuxiliaryHeads(classes).model(channels, size, size)),
    /** Inception-v4. */
    INCEPTION_V4("inception-v4", "Inception-v4", "Szegedy et al., 2017", 3, 299, 1000, InceptionV4::of),
    /** Residual network with 18 layers. */
    RESNET18("resnet18", "ResNet-18", "He et al., 2016", 3, 224, 1000, ResNet::resNet18),
    /** Residual network with 34 layers. */
    RESNET34("resnet34", "ResNet-34", "He et al., 2016", 3, 224, 1000, ResNet::resNet34),
    /** Residual network with 50 layers. */
    RESNET50("resnet50", "ResNet-50", "He et al., 2016", 3, 224, 1000, ResNet::resNet50),
    /** Residual network with 101 layers. */
    RESNET101("resnet101", "ResNet-101", "He et al., 2016", 3, 224, 1000, ResNet::resNet101),
    /** Residual network with 18 layers for small images. */
    RESNET18_CIFAR("resnet18-cifar", "ResNet-18 for CIFAR", "He et al., 2016", 3, 32, 10, ResNet::resNet18Cifar),
    /** Residual network with squeeze and excitation. */
    SE_RESNET50("se-resnet50", "SE-ResNet-50", "Hu et al., 2018", 3, 224, 1000, ResNet::seResNet50),
    /** Xception. */
    XCEPTION("xception", "Xception", "Chollet, 2017", 3, 299, 1000, Xception::of),
    /** MobileNetV2. */
    MOBILENET_V2("mobilenet-v2", "MobileNetV2", "Sandler et al., 2018", 3, 224, 1000, MobileNetV2::of);

    private final String id;
    private final String title;
    private final String paper;
    private final int channels;
    private final int size;
    private final int classes;
    private final Factory factory;

    /** Makes a model for square images. */
    @FunctionalInterface
    private interface Factory {
        Model make(int classes, int channels, int size);
    }

    Zoo(String id, String title, String paper, int channels, int size, int classes, IntFunction<Layer> layer) {
        this(id, title, paper, channels, size, classes,
                (c, depth, side) -> Model.of(layer.apply(c), depth, side, side));
    }

    Zoo(String id, String title, String paper, int channels, int size, int classes, Factory factory) {
        this.id = id;
        this.title = title;
        this.paper = paper;
        this.channels = channels;
        this.size = size;
        this.classes = classes;
        this.factory = factory;
    }

    /** A short name, for example {@code "resnet18-cifar"}. */
    public String id() {
        return id;
    }

    /** The name as it is written. */
    public String title() {
        return title;
    }

    /** Who published it and when. */
    public String paper() {
        return paper;
    }

    /** The model as published: size of images and number of classes. */
    public Model model() {
        return model(size);
    }

    /**
     * The model for square images of another size.
     *
     * @throws io.tandem.graph.GraphException if they are too small
     */
    public Model model(int imageSize) {
        return factory.make(classes, channels, imageSize);
    }

    /** Finds a model by its short name, in upper or lower case. */
    public static Optional<Zoo> find(String id) {
        String wanted = id.toLowerCase(Locale.ROOT);
        return Arrays.stream(values()).filter(z -> z.id.equals(wanted)).findFirst();
    }
}
