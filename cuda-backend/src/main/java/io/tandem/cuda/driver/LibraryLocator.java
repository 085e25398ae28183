package io.tandem.cuda.driver;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Searches a machine for the CUDA libraries, without loading anything.
 *
 * <p>Order: the folders of {@code TANDEM_CUDA_DIRS} (separated by {@code :}); the toolkits of {@code CUDA_HOME} and
 * {@code CUDA_PATH}; {@code LD_LIBRARY_PATH}; {@code /usr/local/cuda} and {@code /usr/local/cuda-*}, newest first; the
 * system's library folders and those of {@code /etc/ld.so.conf}; the packages that pip and conda install. The first
 * CUDA version of which everything is found wins, 12 before 13.
 */
final class LibraryLocator {

    private static final List<String> CUDNN_PARTS = List.of(
            "_graph", "_ops", "_cnn", "_adv", "_engines_precompiled", "_engines_runtime_compiled", "_heuristic", "");

    private final Map<String, String> environment;
    private final Path root;
    private final Path home;

    /**
     * Prepares a search.
     *
     * @param environment the process' environment
     * @param root        the root of the file system
     * @param home        the user's home folder
     */
    LibraryLocator(Map<String, String> environment, Path root, Path home) {
        this.environment = Map.copyOf(environment);
        this.root = root;
        this.home = home;
    }

    /** A part of CUDA that consists of libraries. */
    enum Part {
        /** Matrix products. */
        CUBLAS("cuBLAS"),
        /** The kernel compiler. */
        NVRTC("NVRTC"),
        /** Deep learning primitives. */
        CUDNN("cuDNN");

        private final String title;

        Part(String title) {
            this.title = title;
        }

        String title() {
            return title;
        }

        /** File names of this part for a CUDA version, each after what it opens; {@code *} stands for any minor. */
        List<String> files(int major) {
            return switch (this) {
                case CUBLAS -> List.of("libcublasLt.so." + major, "libcublas.so." + major);
                case NVRTC -> List.of("libnvrtc-builtins.so." + major + ".*", "libnvrtc.so." + major);
                case CUDNN -> CUDNN_PARTS.stream()
                        .map(part -> "libcudnn" + part + ".so.9")
                        .toList();
            };
        }
    }

    /**
     * What was found for one CUDA version.
     *
     * @param major the version
     * @param found files per part, complete or not; in loading order
     */
    record Toolkit(int major, Map<Part, List<Path>> found) {

        boolean has(Part part) {
            return found.get(part).size() == part.files(major).size();
        }

        boolean isComplete() {
            return Stream.of(Part.values()).allMatch(this::has);
        }

        int parts() {
            return (int) Stream.of(Part.values()).filter(this::has).count();
        }

        List<Path> files() {
            return Stream.of(Part.values()).flatMap(part -> found.get(part).stream()).toList();
        }
    }

    /** The CUDA version of which most is found, 12 before 13. */
    Toolkit search() {
        Toolkit twelve = search(12);
        Toolkit thirteen = search(13);
        return thirteen.parts() > twelve.parts() ? thirteen : twelve;
    }

    private Toolkit search(int major) {
        List<Path> folders = folders();
        Map<Part, List<Path>> found = new LinkedHashMap<>();
        for (Part part : Part.values()) {
            found.put(part, part.files(major).stream()
                    .flatMap(name -> find(name, folders).stream())
                    .toList());
        }
        return new Toolkit(major, found);
    }

    private static Optional<Path> find(String name, List<Path> folders) {
        for (Path folder : folders) {
            if (!name.endsWith("*")) {
                Path file = folder.resolve(name);
                if (Files.isRegularFile(file)) {
                    return Optional.of(file);
                }
                continue;
            }
            List<Path> matches = list(folder, name);
            if (!matches.isEmpty()) {
                return Optional.of(matches.getFirst());
            }
        }
        return Optional.empty();
    }

    private static List<Path> list(Path folder, String glob) {
        List<Path> entries = new ArrayList<>();
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder, glob)) {
            stream.forEach(entries::add);
        } catch (IOException absent) {
            return List.of();
        }
        Collections.sort(entries);
        return entries;
    }

    /** All folders that are searched, in order, those that exist. */
    List<Path> folders() {
        Set<Path> all = new LinkedHashSet<>();
        split("TANDEM_CUDA_DIRS").forEach(all::add);
        Stream.of("CUDA_HOME", "CUDA_PATH")
                .flatMap(name -> Optional.ofNullable(environment.get(name)).stream())
                .filter(value -> !value.isBlank())
                .forEach(value -> addToolkit(all, Path.of(value)));
        split("LD_LIBRARY_PATH").forEach(all::add);
        addToolkit(all, at("usr/local/cuda"));
        List<Path> toolkits = new ArrayList<>(list(at("usr/local"), "cuda-*"));
        toolkits.sort((a, b) -> compareVersions(b.toString(), a.toString()));
        toolkits.forEach(toolkit -> addToolkit(all, toolkit));
        Stream.of("usr/lib/x86_64-linux-gnu", "usr/lib64", "lib64", "usr/lib", "usr/local/lib")
                .forEach(name -> all.add(at(name)));
        all.addAll(configured());
        addPackages(all);
        return all.stream().filter(Files::isDirectory).toList();
    }

    private Path at(String path) {
        return root.resolve(path);
    }

    private Stream<Path> split(String variable) {
        return Stream.of(environment.getOrDefault(variable, "").split(":"))
                .filter(folder -> !folder.isBlank())
                .map(Path::of);
    }

    private static void addToolkit(Set<Path> all, Path toolkit) {
        all.add(toolkit.resolve("lib64"));
        all.add(toolkit.resolve("targets/x86_64-linux/lib"));
        all.add(toolkit.resolve("lib"));
    }

    /** Compares the numbers in two names, so that {@code cuda-12.10} comes behind {@code cuda-12.9}. */
    private static int compareVersions(String a, String b) {
        Pattern notNumber = Pattern.compile("\\D+");
        List<Integer> left = numbers(notNumber, a);
        List<Integer> right = numbers(notNumber, b);
        for (int i = 0; i < Math.min(left.size(), right.size()); i++) {
            int order = left.get(i).compareTo(right.get(i));
            if (order != 0) {
                return order;
            }
        }
        return Integer.compare(left.size(), right.size());
    }

    private static List<Integer> numbers(Pattern notNumber, String text) {
        return notNumber
                .splitAsStream(text)
                .filter(part -> !part.isEmpty() && part.length() < 9)
                .map(Integer::valueOf)
                .toList();
    }

    /** The folders that the system's loader is configured with. */
    private List<Path> configured() {
        List<Path> files = new ArrayList<>(List.of(at("etc/ld.so.conf")));
        files.addAll(list(at("etc/ld.so.conf.d"), "*.conf"));
        List<Path> folders = new ArrayList<>();
        for (Path file : files) {
            try {
                Files.readAllLines(file).stream()
                        .map(String::strip)
                        .filter(line -> line.startsWith("/"))
                        .forEach(line -> folders.add(root.resolve(line.substring(1))));
            } catch (IOException unreadable) {
                // the loader skips such files as well
            }
        }
        return folders;
    }

    private void addPackages(Set<Path> all) {
        List<Path> sites = new ArrayList<>();
        for (String variable : new String[] {"VIRTUAL_ENV", "CONDA_PREFIX"}) {
            String prefix = environment.getOrDefault(variable, "");
            if (!prefix.isBlank()) {
                sites.addAll(sites(Path.of(prefix, "lib"), "site-packages"));
                all.add(Path.of(prefix, "lib"));
            }
        }
        sites.addAll(sites(home.resolve(".local/lib"), "site-packages"));
        sites.addAll(sites(at("usr/local/lib"), "dist-packages"));
        sites.addAll(sites(at("usr/local/lib"), "site-packages"));
        sites.addAll(sites(at("usr/lib"), "dist-packages"));
        for (Path site : sites) {
            for (Path name : list(site.resolve("nvidia"), "*")) {
                all.add(name.resolve("lib"));
            }
        }
    }

    private static List<Path> sites(Path lib, String kind) {
        return list(lib, "python3*").stream()
                .map(python -> python.resolve(kind))
                .toList();
    }

    /** The folder of CUDA's headers that belong to a library folder's toolkit, for kernels that include them. */
    Optional<Path> includeFolder(Toolkit toolkit) {
        return toolkit.found().get(Part.NVRTC).stream()
                .map(file -> file.toAbsolutePath().getParent())
                .flatMap(lib -> Stream.of(
                        lib.resolveSibling("include"),
                        lib.resolve("../../../include").normalize(),
                        lib.resolve("../../cuda_runtime/include").normalize()))
                .filter(folder -> Files.isRegularFile(folder.resolve("cuda_fp16.h")))
                .findFirst();
    }

    /** Names and paths under which the driver's library may be opened. */
    List<String> driverCandidates() {
        List<String> candidates = new ArrayList<>(List.of("libcuda.so.1"));
        Stream.of(
                "usr/lib/x86_64-linux-gnu",
                "usr/lib64",
                "usr/local/nvidia/lib64",
                "usr/local/nvidia/lib",
                "usr/lib/wsl/lib")
                .map(folder -> at(folder).resolve("libcuda.so.1").toString())
                .forEach(candidates::add);
        return candidates;
    }
}
