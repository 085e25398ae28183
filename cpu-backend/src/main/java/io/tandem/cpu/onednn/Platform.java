package io.tandem.cpu.onednn;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A platform that oneDNN's natives exist for: the name of their class path folder and their files, in loading order.
 *
 * @param name operating system and processor, as in {@code linux-x86_64}
 * @param libraries file names in loading order; oneDNN itself is the last
 */
record Platform(String name, List<String> libraries) {

    Platform {
        libraries = List.copyOf(libraries);
    }

    /** The platform of this process, if there are natives for it. */
    static Optional<Platform> current() {
        return of(System.getProperty("os.name", ""), System.getProperty("os.arch", ""));
    }

    static Optional<Platform> of(String osName, String osArch) {
        String system = osName.toLowerCase(Locale.ROOT);
        boolean x86 = osArch.equals("amd64") || osArch.equals("x86_64");
        boolean arm = osArch.equals("aarch64") || osArch.equals("arm64");
        if (system.startsWith("linux") && (x86 || arm)) {
            String name = x86 ? "linux-x86_64" : "linux-arm64";
            return Optional.of(new Platform(name, List.of("libgomp.so.1", "libdnnl.so.3")));
        }
        if (system.startsWith("mac") && (x86 || arm)) {
            String name = x86 ? "macosx-x86_64" : "macosx-arm64";
            return Optional.of(new Platform(name, List.of("libomp.dylib", "libdnnl.3.dylib")));
        }
        if (system.startsWith("windows") && x86) {
            return Optional.of(new Platform("windows-x86_64", List.of("dnnl.dll")));
        }
        return Optional.empty();
    }

    /** Where a library stands on the class path. */
    String resource(String library) {
        return "org/bytedeco/dnnl/" + name + "/" + library;
    }
}
