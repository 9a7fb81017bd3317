package org.otfuse.benchmarks;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.otfuse.InvalidInputException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** The main class: the modes, the report, and JMH's own command line for everything else. */
@Command(
    name = "benchmarks",
    description = {
      "JMH suites of every path on every back end that is usable here. Without a command: full.",
      "Anything that is no command of these goes to JMH, for example: CostSuite -p n=512 -f 1"
    })
public final class Benchmarks {
  /** Everything ran and was right. */
  static final int OK = 0;

  /** Something failed; the output says what. */
  static final int FAILED = 1;

  /** The arguments or a file are wrong; the output says how. */
  static final int BAD_INPUT = 2;

  private static final List<String> HELP = List.of("--help", "help");

  @Option(names = "--help", usageHelp = true, description = "Show this help message and exit.")
  private boolean help;

  private Benchmarks() {}

  /**
   * Runs a command.
   *
   * @param arguments a command and its options, or JMH's
   * @throws IOException if JMH cannot read its list of benchmarks
   */
  public static void main(String[] arguments) throws IOException {
    String[] given = arguments.length == 0 ? new String[] {"full"} : arguments;
    CommandLine commands = commands();
    if (HELP.contains(given[0]) || commands.getSubcommands().containsKey(given[0])) {
      System.exit(commands.execute(given));
    }
    JmhCommand.run(given);
  }

  /** Commands that say in one sentence what is wrong. */
  static CommandLine commands() {
    CommandLine commands = new CommandLine(new Benchmarks());
    add(commands, "full", Mode.full(), "Run every case; takes hours.");
    add(commands, "quick", Mode.quick(), "Run one small case of each suite; under three minutes.");
    add(commands, "gpu", Mode.gpu(), "Run sizes that fill a device.");
    commands.addSubcommand("report", new ReportCommand());
    commands.setExecutionExceptionHandler(
        (e, command, result) -> {
          if (e instanceof InvalidInputException) {
            command.getErr().println(e.getMessage());
            return BAD_INPUT;
          }
          throw e;
        });
    commands.setOut(new PrintWriter(System.out, true, StandardCharsets.UTF_8));
    return commands;
  }

  private static void add(CommandLine commands, String name, Mode mode, String description) {
    CommandLine command = new CommandLine(new RunCommand(mode));
    CommandSpec spec = command.getCommandSpec();
    spec.usageMessage().description(description);
    commands.addSubcommand(name, command);
  }
}
