package io.tandem.samples.data;

import io.tandem.data.ArrayDataset;
import io.tandem.data.Column;
import io.tandem.data.DataException;
import io.tandem.data.DataFile;
import io.tandem.data.Dataset;
import io.tandem.data.IdxReader;
import io.tandem.tensor.DType;
import io.tandem.tensor.NDArray;
import java.net.URI;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * Handwritten digits: MNIST (LeCun, Cortes and Burges 1998) if there is a way to get it, else digits that the program
 * draws.
 *
 * @param train training samples: image {@code f32[1, 28, 28]}, normalised by {@link #MEAN} and {@link #STD}, and label
 *     {@code i32[]}
 * @param test test samples of the same types
 * @param source where the images come from
 * @param description one sentence for the user, in which drawn digits are said not to be MNIST
 */
public record Mnist(Dataset train, Dataset test, Source source, String description) {
    /** Mean of MNIST's training images, scaled to 0..1. */
    public static final float MEAN = 0.1307f;

    /** Standard deviation of MNIST's training images, scaled to 0..1. */
    public static final float STD = 0.3081f;

    /** The value of black after normalisation, for augmentation. */
    public static final float BLACK = -MEAN / STD;

    private static final int DRAWN_TRAIN = 60_000;
    private static final int DRAWN_TEST = 10_000;
    private static final List<Downloads.Item> ITEMS = List.of(
            new Downloads.Item(
                    "train-images-idx3-ubyte.gz",
                    12_000_000,
                    47_040_016,
                    "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
            new Downloads.Item(
                    "train-labels-idx1-ubyte.gz",
                    100_000,
                    60_008,
                    "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
            new Downloads.Item(
                    "t10k-images-idx3-ubyte.gz",
                    3_000_000,
                    7_840_016,
                    "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
            new Downloads.Item(
                    "t10k-labels-idx1-ubyte.gz",
                    100_000,
                    10_008,
                    "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"));

    /** Where the images come from. */
    public enum Source {
        /** The published files, told by their checksums. */
        MNIST,
        /** Other files of the same form, for example Fashion-MNIST. */
        OTHER_FILES,
        /** Drawn by the program. */
        DRAWN
    }

    /** The usual public mirrors. */
    public static Downloads mirrors() {
        return new Downloads(
                List.of(
                        URI.create("https://ossci-datasets.s3.amazonaws.com/mnist/"),
                        URI.create("https://storage.googleapis.com/cvdf-datasets/mnist/"),
                        URI.create("https://raw.githubusercontent.com/fgnt/mnist/master/")),
                Duration.ofSeconds(5));
    }

    /**
     * Finds the files, downloads them into the cache, or draws digits, whatever works first.
     *
     * @param folders where to look
     * @param downloads where to download from
     * @param seed seed of drawn digits
     * @param progress told of downloads
     * @throws DataException if files are there but damaged, or the user named a folder without them
     */
    public static Mnist load(DataFolders folders, Downloads downloads, long seed, Progress progress) {
        String[] names = ITEMS.stream()
                .map(item -> item.name().substring(0, item.name().length() - ".gz".length()))
                .toArray(String[]::new);
        return folders.find(names)
                .or(() -> downloads.fetch(ITEMS, folders.cache(), progress))
                .map(Mnist::read)
                .orElseGet(() -> drawn(DRAWN_TRAIN, DRAWN_TEST, seed));
    }

    /**
     * Digits drawn by the program.
     *
     * @param train number of training samples
     * @param test number of test samples
     * @param seed seed of the drawing
     */
    public static Mnist drawn(int train, int test, long seed) {
        // One drawing, cut in two, so that no test digit is a training digit.
        DrawnDigits.Content all = DrawnDigits.draw(Math.addExact(train, test), seed);
        return new Mnist(
                dataset(all.images().rows(0, train), all.labels().rows(0, train)),
                dataset(all.images().rows(train, train + test), all.labels().rows(train, train + test)),
                Source.DRAWN,
                "digits drawn by this program (%d to train, %d to test, seed %d); these are NOT MNIST"
                        .formatted(train, test, seed));
    }

    private static Mnist read(List<Path> files) {
        Part train = Part.read(files.get(0), files.get(1));
        Part test = Part.read(files.get(2), files.get(3));
        boolean published = true;
        for (int i = 0; i < files.size() && published; i++) {
            published = sha256(files.get(i)).equals(ITEMS.get(i).sha256());
        }
        Path first = files.getFirst().toAbsolutePath().normalize();
        Path folder = Optional.ofNullable(first.getParent()).orElse(first);
        String what = published ? "MNIST" : "files in MNIST's form, but with other content than MNIST,";
        return new Mnist(
                dataset(train.images(), train.labels()),
                dataset(test.images(), test.labels()),
                published ? Source.MNIST : Source.OTHER_FILES,
                "%s from %s (%d to train, %d to test)".formatted(what, folder, train.size(), test.size()));
    }

    private static String sha256(Path path) {
        MessageDigest digest = Downloads.sha256();
        try (DataFile file = DataFile.open(path)) {
            byte[] buffer = new byte[1 << 16];
            for (int count = file.read(buffer, 0, buffer.length); count >= 0;) {
                digest.update(buffer, 0, count);
                count = file.read(buffer, 0, buffer.length);
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static Dataset dataset(NDArray images, NDArray labels) {
        int count = images.shape().dim(0);
        return new ArrayDataset(List.of(
                Column.normalized(images.reshape(count, 1, 28, 28), new float[] {MEAN}, new float[] {STD}),
                Column.of(labels)));
    }

    /** Images and labels that fit together. */
    private record Part(NDArray images, NDArray labels) {
        private static Part read(Path imageFile, Path labelFile) {
            NDArray images = IdxReader.read(imageFile, DType.U8, 3);
            if (images.shape().dim(1) != 28 || images.shape().dim(2) != 28 || images.shape().dim(0) == 0) {
                throw new DataException("%s: holds images of shape %s, expected [samples, 28, 28]"
                        .formatted(imageFile, images.shape()));
            }
            NDArray labels = IdxReader.read(labelFile, DType.U8, 1).cast(DType.I32);
            int count = images.shape().dim(0);
            if (labels.shape().dim(0) != count) {
                throw new DataException("%s has %d labels, %s has %d images; the files do not belong together"
                        .formatted(labelFile, labels.shape().dim(0), imageFile, count));
            }
            for (int i = 0; i < count; i++) {
                if (labels.getLong(i) > 9) {
                    throw new DataException("%s: label %d of image %d is outside of the classes 0 to 9"
                            .formatted(labelFile, labels.getLong(i), i));
                }
            }
            return new Part(images, labels);
        }

        private int size() {
            return labels.shape().dim(0);
        }
    }
}
