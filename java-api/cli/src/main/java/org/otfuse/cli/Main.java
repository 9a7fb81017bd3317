package org.otfuse.cli;

import java.io.PrintWriter;
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
import picocli.CommandLine.ParseResult;

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
    subcommands = {
      FuseCommand.class,
      CurveCommand.class,
      EvaluateCommand.class,
      InspectCommand.class,
      VerifyCommand.class,
      BackendsCommand.class,
      BenchCommand.class,
      DemoCommand.class
    })
public final class Main {
  static final int OK = 0;
  static final int FAILED = 1;
  static final int BAD_INPUT = 2;

  Main() {}

  /**
   * Runs the command line and exits.
   *
   * @param arguments as typed
   */
  public static void main(String[] arguments) {
    System.exit(run(arguments));
  }

  private static int run(String... arguments) {
    return run(new PrintWriter(System.out, true), new PrintWriter(System.err, true), arguments);
  }

  /** Runs the command line and returns the exit status. */
  static int run(PrintWriter out, PrintWriter err, String... arguments) {
    CommandLine line = new CommandLine(new Main());
    line.setOut(out);
    line.setErr(err);
    line.registerConverter(BackendChoice.class, new Choice<>(BackendChoice.class));
    line.registerConverter(FeatureKind.class, new Choice<>(FeatureKind.class));
    line.registerConverter(MarginalKind.class, new Choice<>(MarginalKind.class));
    line.registerConverter(Metric.class, new Choice<>(Metric.class));
    line.registerConverter(ResidualPolicy.class, new Choice<>(ResidualPolicy.class));
    line.registerConverter(Solver.class, new Choice<>(Solver.class));
    line.registerConverter(MergeKind.class, new Choice<>(MergeKind.class));
    line.registerConverter(CorrectionKind.class, new Choice<>(CorrectionKind.class));
    line.setUsageHelpWidth(100);
    line.setParameterExceptionHandler(Main::badUsage);
    line.setExecutionExceptionHandler(Main::failed);
    if (arguments.length == 0) {
      line.usage(err);
      return BAD_INPUT;
    }
    return line.execute(arguments);
  }

  private static int badUsage(ParameterException e, String[] arguments) {
    CommandLine command = e.getCommandLine();
    say(command, e.getMessage());
    command.getErr().println("Try '" + command.getCommandSpec().qualifiedName() + " --help'.");
    return BAD_INPUT;
  }

  private static int failed(Exception e, CommandLine command, ParseResult result) {
    if (e instanceof OtfuseException) {
      say(command, e.getMessage());
      boolean input =
          e instanceof InvalidInputException
              || e instanceof UnsupportedModelException
              || e instanceof BackendUnavailableException;
      return input ? BAD_INPUT : FAILED;
    }
    say(command, "internal error, please report it: " + e);
    if (Boolean.getBoolean("otfuse.debug")) {
      e.printStackTrace(command.getErr());
    }
    return FAILED;
  }

  private static void say(CommandLine command, String sentence) {
    command.getErr().println("otfuse: " + sentence + (sentence.endsWith(".") ? "" : "."));
  }
}
