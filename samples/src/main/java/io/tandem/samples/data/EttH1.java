package io.tandem.samples.data;

import io.tandem.data.CsvTable;
import io.tandem.tensor.NDArray;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * ETTh1: oil temperature ({@code OT}) and six loads of an electricity transformer, hourly for two years (Zhou et al.
 * 2021). As in the papers, 12 months of 30 days train, the next 4 validate, the next 4 test.
 */
public final class EttH1 {
    private static final String NAME = "ETTh1.csv";
    private static final List<String> HEADER = List.of("date", "HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT");
    private static final int ROWS = 17_420;
    private static final int MONTH = 30 * 24;
    private static final Downloads.Item ITEM = new Downloads.Item(
            NAME, 3_000_000, 2_589_657, "f18de3ad269cef59bb07b5438d79bb3042d3be49bdeecf01c1cd6d29695ee066");

    private EttH1() {}

    /** The place where its authors publish it. */
    public static Downloads mirrors() {
        return new Downloads(
                List.of(URI.create("https://raw.githubusercontent.com/zhouhaoyi/ETDataset/main/ETT-small/")),
                Duration.ofSeconds(5));
    }

    /**
     * Finds the file or downloads it into the cache.
     *
     * @param folders where to look
     * @param downloads where to download from
     * @param target name of the column to forecast, {@code OT} without
     * @param progress told of downloads
     * @return the series, or empty if it is nowhere
     * @throws io.tandem.data.DataException if the file is there but damaged, the user named a folder without it, or
     *     there is no such column
     */
    public static Optional<SeriesData> find(
            DataFolders folders, Downloads downloads, Optional<String> target, Progress progress) {
        return folders.find(NAME)
                .or(() -> downloads.fetch(List.of(ITEM), folders.cache(), progress))
                .map(files -> SeriesData.read(files.getFirst(), target));
    }

    /**
     * The series as {@link #find} gives it, or else {@link LoadCurve the generated load curve}.
     *
     * @param seed seed of the generated curve
     */
    public static SeriesData findOrGenerate(
            DataFolders folders, Downloads downloads, Optional<String> target, long seed, Progress progress) {
        return find(folders, downloads, target, progress).orElseGet(() -> LoadCurve.generate(seed, target));
    }

    static boolean isEttH1(CsvTable table) {
        return table.columns().equals(HEADER) && table.rows() == ROWS;
    }

    static SeriesData of(NDArray values, List<String> columns, int target, Path path) {
        return new SeriesData(
                values,
                columns,
                target,
                12 * MONTH,
                16 * MONTH,
                20 * MONTH,
                24,
                "ETTh1 from %s (target %s; 12/4/4 months to train, validate and test)"
                        .formatted(path, columns.get(target)));
    }
}
