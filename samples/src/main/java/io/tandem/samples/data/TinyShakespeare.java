package io.tandem.samples.data;

import io.tandem.data.DataException;
import io.tandem.data.TextCorpus;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Tiny Shakespeare: 1,115,394 characters from his plays, 65 different ones (Karpathy, 2015). */
public final class TinyShakespeare {
    private static final String NAME = "tinyshakespeare.txt";
    /** As it is published: in a folder of this name, under a name that says little. */
    private static final String FOLDER = "tinyshakespeare";
    private static final Downloads.Item ITEM = new Downloads.Item(
            "input.txt", 1_200_000, 1_115_394, "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed");

    private TinyShakespeare() {}

    /** The place where its author publishes it. */
    public static Downloads mirrors() {
        return new Downloads(
                List.of(URI.create(
                        "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/")),
                Duration.ofSeconds(5));
    }

    /**
     * Finds the text or downloads it into the cache.
     *
     * @param folders where to look for {@code tinyshakespeare.txt}
     * @param downloads where to download from
     * @param progress told of downloads
     * @throws DataException if the text is nowhere; the message says what to do
     */
    public static TextCorpus load(DataFolders folders, Downloads downloads, Progress progress) {
        Path cache = folders.cache().resolve(FOLDER);
        Path cached = cache.resolve(ITEM.name());
        return folders.find(NAME)
                .or(() -> Files.isRegularFile(cached) ? Optional.of(List.of(cached)) : Optional.empty())
                .or(() -> downloads.fetch(List.of(ITEM), cache, progress))
                .map(files -> TextCorpus.read(files.getFirst()))
                .orElseThrow(() -> new DataException(
                        ("tiny Shakespeare is in no data folder and cannot be downloaded; put %s into a folder and"
                                + " name that with --data or the environment variable %s, or learn from a text of"
                                + " your own with --text FILE")
                                .formatted(NAME, DataFolders.VARIABLE)));
    }
}
