package org.otfuse.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.otfuse.BackendChoice;
import org.otfuse.BackendUnavailableException;
import org.otfuse.FeatureKind;
import org.otfuse.InvalidInputException;
import org.otfuse.MarginalKind;
import org.otfuse.Metric;
import org.otfuse.OtfuseException;
import org.otfuse.ResidualPolicy;
import org.otfuse.Solver;
import org.otfuse.UnsupportedModelException;
import org.otfuse.models.closedform.CorrectionKind;
import org.otfuse.models.closedform.MergeKind;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The command {@code otfuse}. Exit status 0 when all went well, 1 when the work failed, 2 for bad
 * usage or bad input; what went wrong is one sentence on standard error.
 */
@Command(
    name = "otfuse",
    description = "Fuses trained networks in ONNX files into one by optimal transport.",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    synopsisSubcommandLabel = "COMMAND",
    commandListHeading = "%nCommands:%n",
    footerHeading = "%n",
    subcommands = {
      FuseCommand.class,
      CurveCommand.class,
      EvaluateCommand.class,
      CompareCommand.class,
      InspectCommand.class,
      VerifyCommand.class,
      BackendsCommand.class,
      BenchCommand.class,
      DemoCommand.class,
      CompletionCommand.class,
      CommandLine.HelpCommand.class
    })
public final class Main {
  static final int OK = 0;
  static final int FAILED = 1;
  static final int BAD_INPUT = 2;

  /** What holds for every command, one paragraph each. */
  static final List<String> NOTES =
      List.of(
          "Exit status: 0 done, 1 failed or not what was demanded, 2 bad usage or bad input.",
          "@FILE stands for the arguments in a file, such as the options of a project: separated by"
              + " spaces or line ends, with quotes around those that hold spaces; lines that start"
              + " with # are comments. Paths in it count from the working folder.",
          "OTFUSE_JAVA_OPTIONS holds options of the JVM, such as -Xmx8g for a larger heap, or"
              + " -Dotfuse.debug=true to show where an internal error came from.");

  /** Fits a terminal of any width that is in use. */
  private static final int WIDTH = 80;

  /** The system property that shows where an internal error came from. */
  private static final String DEBUG = "otfuse.debug";

  Main() {}

  /**
   * Runs the command line and exits.
   *
   * @param arguments as typed
   */
  public static void main(String[] arguments) {
    Locale.setDefault(Locale.ROOT);
    System.exit(run(arguments));
  }

  private static int run(String... arguments) {
    return run(new PrintWriter(System.out, true), new PrintWriter(System.err, true), arguments);
  }

  /** Runs the command line and returns the exit status. */
  static int run(PrintWriter out, PrintWriter err, String... arguments) {
    CommandLine line = commandLine();
    line.setOut(out);
    line.setErr(err);
    line.setParameterExceptionHandler(Main::badUsage);
    line.setExecutionExceptionHandler((e, command, result) -> failed(e, command));
    if (arguments.length == 0) {
      line.usage(err);
      return BAD_INPUT;
    }
    int status;
    try {
      status = line.execute(arguments);
    } catch (Error e) {
      status = failed(e, line);
    }
    if (out.checkError()) {
      say(line, "standard output cannot be written");
      return FAILED;
    }
    return status;
  }

  /** The commands as picocli knows them. */
  static CommandLine commandLine() {
    CommandLine line = new CommandLine(new Main());
    line.registerConverter(BackendChoice.class, new Choice<>(BackendChoice.class));
    line.registerConverter(FeatureKind.class, new Choice<>(FeatureKind.class));
    line.registerConverter(MarginalKind.class, new Choice<>(MarginalKind.class));
    line.registerConverter(Metric.class, new Choice<>(Metric.class));
    line.registerConverter(ResidualPolicy.class, new Choice<>(ResidualPolicy.class));
    line.registerConverter(Solver.class, new Choice<>(Solver.class));
    line.registerConverter(MergeKind.class, new Choice<>(MergeKind.class));
    line.registerConverter(CorrectionKind.class, new Choice<>(CorrectionKind.class));
    line.setUsageHelpWidth(WIDTH);
    line.getCommandSpec().usageMessage().footer(String.join("%n%n", NOTES));
    return line;
  }

  private static int badUsage(ParameterException e, String[] arguments) {
    CommandLine command = e.getCommandLine();
    say(
        command,
        e instanceof UnmatchedArgumentException unmatched
            ? unknown(unmatched)
            : unknownOption(command, List.of(arguments)).orElse(e.getMessage()));
    command.getErr().println("Try '" + command.getCommandSpec().qualifiedName() + " --help'.");
    return BAD_INPUT;
  }

  /** What was typed that otfuse does not know, and what may have been meant. */
  private static String unknown(UnmatchedArgumentException e) {
    CommandLine command = e.getCommandLine();
    String word = e.getUnmatched().get(0);
    Set<String> commands = command.getSubcommands().keySet();
    return unknownOption(command, List.of(word))
        .orElseGet(
            () ->
                commands.isEmpty()
                    ? "Unexpected argument '%s'".formatted(word)
                    : "Unknown command '%s'%s".formatted(word, Closest.hint(word, commands)));
  }

  /** The first option that the command does not have; its value may have been taken for a file. */
  private static Optional<String> unknownOption(CommandLine command, List<String> words) {
    Set<String> options = command.getCommandSpec().optionsMap().keySet();
    return words.stream()
        .takeWhile(word -> !word.equals("--"))
        .filter(word -> word.startsWith("-"))
        .map(word -> word.split("=", 2)[0])
        .filter(name -> name.startsWith("--") ? !options.contains(name) : words.size() == 1)
        .findFirst()
        .map(name -> "Unknown option '%s'%s".formatted(name, Closest.hint(name, options)));
  }

  /** Says what went wrong and returns the exit status. */
  static int failed(Throwable e, CommandLine command) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof StackOverflowError || cause instanceof OutOfMemoryError) {
        say(command, needsMemory(cause));
        return FAILED;
      }
    }
    if (e instanceof RefusedException) {
      say(command, e.getMessage());
      return FAILED;
    }
    if (e instanceof OtfuseException) {
      say(command, e.getMessage());
      boolean input =
          e instanceof InvalidInputException
              || e instanceof UnsupportedModelException
              || e instanceof BackendUnavailableException;
      return input ? BAD_INPUT : FAILED;
    }
    return internal(e, command);
  }

  private static String needsMemory(Throwable e) {
    if (e instanceof StackOverflowError) {
      return "the stack overflowed, expected a larger one by OTFUSE_JAVA_OPTIONS=-Xss64m.";
    }
    long heap = Runtime.getRuntime().maxMemory() >> 20;
    return "out of memory (%s) with a heap of %d MiB, expected more by OTFUSE_JAVA_OPTIONS=-Xmx%dm."
        .formatted(e.getMessage(), heap, 2 * heap);
  }

  private static int internal(Throwable e, CommandLine command) {
    if (Boolean.getBoolean(DEBUG)) {
      e.printStackTrace(command.getErr());
    } else {
      say(
          command,
          "internal error, please report it with what OTFUSE_JAVA_OPTIONS=-D%s=true shows: %s"
              .formatted(DEBUG, e));
    }
    return FAILED;
  }

  private static void say(CommandLine command, String sentence) {
    String line = OneLine.of(sentence);
    command
        .getErr()
        .println("otfuse: " + line + (line.endsWith(".") || line.endsWith("?") ? "" : "."));
  }
}
