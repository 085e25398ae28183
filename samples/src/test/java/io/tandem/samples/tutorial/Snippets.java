package io.tandem.samples.tutorial;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The code blocks of documents, and the regions of source files that they show. */
final class Snippets {
    private static final Pattern BLOCK =
            Pattern.compile("(?:<!-- (\\w+): ([\\w-]+) -->\n)?```java\n(.*?)```", Pattern.DOTALL);
    private static final Pattern REGION =
            Pattern.compile("^ *// tag: ([\\w-]+)\n(.*?)^ *// end\n", Pattern.DOTALL | Pattern.MULTILINE);

    private Snippets() {}

    /**
     * A Java block of a document.
     *
     * @param name the class and region that the comment above it names, as {@code Chapter: region}; empty without one
     * @param code the block
     */
    record Block(String name, String code) {}

    /** The text of a file of the repository, with line feeds alone. */
    static String file(String path) {
        try {
            return Files.readString(repository().resolve(path)).replace("\r\n", "\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The Java blocks of a document, in order. */
    static List<Block> blocks(String document) {
        List<Block> blocks = new ArrayList<>();
        Matcher matcher = BLOCK.matcher(document);
        while (matcher.find()) {
            String name = matcher.group(1) == null ? "" : matcher.group(1) + ": " + matcher.group(2);
            blocks.add(new Block(name, matcher.group(3)));
        }
        return blocks;
    }

    /** The regions of all chapters by {@code Chapter: region}, moved to the left margin. */
    static Map<String, String> regions() {
        Map<String, String> regions = new LinkedHashMap<>();
        String folder = "samples/src/main/java/io/tandem/samples/tutorial";
        try (Stream<Path> files = Files.list(repository().resolve(folder))) {
            for (Path file : files.sorted().toList()) {
                String name = String.valueOf(file.getFileName());
                Matcher matcher = REGION.matcher(file(folder + "/" + name));
                while (matcher.find()) {
                    regions.put(name.replace(".java", "") + ": " + matcher.group(1), toMargin(matcher.group(2)));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return regions;
    }

    /** Lines of code without the indentation that they share. */
    static String toMargin(String lines) {
        // A line break at the end would count as a line without indentation.
        return lines.stripTrailing().stripIndent() + "\n";
    }

    /** The repository's root: tests run in it or in a module of it. */
    private static Path repository() {
        Path folder = Path.of("").toAbsolutePath();
        while (!Files.exists(folder.resolve("docs/tutorial.md"))) {
            folder = folder.getParent();
            if (folder == null) {
                throw new IllegalStateException(
                        "no folder above " + Path.of("").toAbsolutePath() + " has docs/tutorial.md");
            }
        }
        return folder;
    }
}
