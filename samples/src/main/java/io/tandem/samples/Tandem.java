package io.tandem.samples;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.tandem.backend.DeviceException;
import io.tandem.data.DataException;
import io.tandem.graph.GraphException;
import io.tandem.io.FormatException;
import io.tandem.samples.bench.BenchCommand;
import java.io.UncheckedIOException;
import java.util.List;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;

/** The command line: one command per sample. Exit code 0: done, 1: failed, 2: wrong usage. */
@Command(
        name = "tandem",
        description = "Deep learning in plain Java: sample applications and tools.",
        mixinStandardHelpOptions = true,
        version = "tandem 0.1.0-SNAPSHOT",
        synopsisSubcommandLabel = "COMMAND",
        footer = {
            "",
            "Examples:",
            "  tandem mnist                      train a CNN on handwritten digits",
            "  tandem mnist --model mlp --json   the same with a perceptron, result as JSON",
            "  tandem transfer                   learn new digits from few examples",
            "  tandem autoencoder                digits in two numbers, and back",
            "  tandem forecast --horizon 24      forecast a day of an hourly series",
            "  tandem playground --data spiral   small networks on points in the plane",
            "  tandem search --task moons        search for hyperparameters",
            "  tandem charlm                     train a recurrent network on Shakespeare, and let it write",
            "  tandem gpt --prompt KING          the same with a small GPT",
            "  tandem summary cnn --svg cnn.svg  layers and costs of a model, and a picture",
            "  tandem zoo                        the published networks that there are",
            "  tandem doctor                     what this machine has and lacks"
        })
public final class Tandem implements Runnable {
    private static final List<Class<?>> COMMANDS = List.of(
            MnistCommand.class,
            TransferCommand.class,
            AutoencoderCommand.class,
            ForecastCommand.class,
            PlaygroundCommand.class,
            SearchCommand.class,
            CharLmCommand.class,
            GptCommand.class,
            SummaryCommand.class,
            ZooCommand.class,
            DoctorCommand.class,
            BenchCommand.class);

    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    @Option(names = "--verbose", scope = ScopeType.INHERIT, description = "Log more, and show the trace of an error.")
    private boolean verbose;

    /** Runs a command and ends the JVM with its exit code. */
    public static void main(String[] arguments) {
        System.exit(run(arguments));
    }

    /** Runs a command and returns its exit code. */
    public static int run(String... arguments) {
        Tandem tandem = new Tandem();
        CommandLine line = new CommandLine(tandem);
        commands(arguments).forEach(line::addSubcommand);
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.setExecutionStrategy(parsed -> {
            if (tandem.verbose && LoggerFactory.getLogger("io.tandem") instanceof Logger logger) {
                logger.setLevel(Level.DEBUG);
            }
            return new CommandLine.RunLast().execute(parsed);
        });
        line.setParameterExceptionHandler((exception, args) -> {
            CommandLine failed = exception.getCommandLine();
            failed.getErr().println("tandem: " + exception.getMessage());
            failed.getErr().println("Try '" + failed.getCommandSpec().qualifiedName() + " --help'.");
            return CommandLine.ExitCode.USAGE;
        });
        line.setExecutionExceptionHandler((exception, failed, parsed) -> {
            if (tandem.verbose) {
                exception.printStackTrace(failed.getErr());
            }
            failed.getErr().println("tandem: " + describe(exception));
            return CommandLine.ExitCode.SOFTWARE;
        });
        return line.execute(arguments);
    }

    /** The command that is asked for, or all: to describe all to the parser takes longer than a first training step. */
    private static List<Class<?>> commands(String... arguments) {
        List<Class<?>> asked = COMMANDS.stream()
                .filter(command -> arguments.length > 0
                        && command.getAnnotation(Command.class).name().equals(arguments[0]))
                .toList();
        return asked.isEmpty() ? COMMANDS : asked;
    }

    private static String describe(Exception exception) {
        return switch (exception) {
            case GraphException e -> e.getMessage();
            case DataException e -> e.getMessage();
            case DeviceException e -> e.getMessage();
            case FormatException e -> e.getMessage();
            case IllegalArgumentException e -> e.getMessage();
            case IllegalStateException e -> e.getMessage();
            case UncheckedIOException e -> e.getMessage();
            default -> "unexpected " + exception + "; run again with --verbose for the trace";
        };
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing");
    }
}
