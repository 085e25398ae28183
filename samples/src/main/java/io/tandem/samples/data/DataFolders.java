package io.tandem.samples.data;

import io.tandem.data.DataException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Where data files are looked for: the folder that the user named, the one in the environment variable
 * {@code TANDEM_DATA}, then the cache folder.
 *
 * @param given the folder that the user named; what is looked for must be there
 * @param environment the folder of the environment, if it is set
 * @param cache the folder that downloads go to
 */
public record DataFolders(Optional<Path> given, Optional<Path> environment, Path cache) {
    /** The environment variable that names a folder. */
    public static final String VARIABLE = "TANDEM_DATA";

    /** The folders of this process; the cache is {@code ~/.cache/tandem/data}. */
    public static DataFolders standard(Optional<Path> given) {
        Optional<Path> environment =
                Optional.ofNullable(System.getenv(VARIABLE)).filter(value -> !value.isBlank()).map(Path::of);
        return new DataFolders(given, environment,
                Path.of(System.getProperty("user.home"), ".cache", "tandem", "data"));
    }

    /**
     * Finds files that belong together, all in one folder; each may also be there packed, with {@code .gz} at the end.
     *
     * @param names names of the files without {@code .gz}
     * @return the files in the order of the names, or empty if no folder has them all
     * @throws DataException if the user named a folder and a file is missing there
     */
    public Optional<List<Path>> find(String... names) {
        if (given.isPresent()) {
            Path folder = given.get();
            if (!Files.isDirectory(folder)) {
                throw new DataException(
                        "%s is not a folder; --data needs the folder with the data files".formatted(folder));
            }
            List<Path> files = new ArrayList<>();
            for (String name : names) {
                files.add(file(folder, name)
                        .orElseThrow(() -> new DataException(
                                "%s has no file %s or %s.gz; put it there, or leave --data out"
                                        .formatted(folder, name, name))));
            }
            return Optional.of(files);
        }
        return environment.flatMap(folder -> all(folder, names)).or(() -> all(cache, names));
    }

    private static Optional<List<Path>> all(Path folder, String... names) {
        List<Path> files = new ArrayList<>();
        for (String name : names) {
            file(folder, name).ifPresent(files::add);
        }
        return files.size() == names.length ? Optional.of(files) : Optional.empty();
    }

    private static Optional<Path> file(Path folder, String name) {
        for (String candidate : List.of(name, name + ".gz")) {
            Path path = folder.resolve(candidate);
            if (Files.isRegularFile(path)) {
                return Optional.of(path);
            }
        }
        return Optional.empty();
    }
}
