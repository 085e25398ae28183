package io.tandem.samples;

import io.tandem.backend.Backend;
import io.tandem.backend.Devices;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Tells what this machine has and lacks, and what to do about it. */
@Command(
        name = "doctor",
        description = "Show what this machine has and lacks: Java, oneDNN, NVIDIA driver and libraries.",
        mixinStandardHelpOptions = true)
final class DoctorCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        out.printf(
                "Java %s, %s, %s %s, %d processors%n",
                Runtime.version(),
                System.getProperty("java.vm.vendor"),
                System.getProperty("os.name"),
                System.getProperty("os.arch"),
                Runtime.getRuntime().availableProcessors());
        List<Backend> backends = Devices.backends();
        for (Backend backend : backends) {
            List<String> devices = backend.devices();
            out.printf(
                    "%n%s: %s%n", backend.name(), devices.isEmpty() ? "no device" : String.join(", ", devices));
            for (Backend.Diagnosis line : backend.diagnose()) {
                out.printf("  %s %-16s %s%n", line.ok() ? "ok     " : "missing", line.component(), line.found());
                if (!line.remedy().isEmpty()) {
                    out.printf("          %-16s -> %s%n", "", line.remedy());
                }
            }
        }
        String best = backends.stream()
                .flatMap(b -> b.devices().stream())
                .findFirst()
                .orElse("none");
        out.printf("%n--device auto chooses %s%n", best);
        out.flush();
        return 0;
    }
}
