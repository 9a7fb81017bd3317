package org.otfuse.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.otfuse.BackendChoice;
import org.otfuse.BackendStatus;
import org.otfuse.Backends;
import org.otfuse.InvalidInputException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code otfuse backends}: what can do the numeric work here. */
@Command(
    name = "backends",
    header = "Says which back ends can be used here, and tests them.",
    description =
        "Opens and self-tests each back end and says which ones can be used. With"
            + " --selftest tests every operation of those, beside plain Java and known numbers;"
            + " exit status 1 if one is wrong.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class BackendsCommand implements Callable<Integer> {
  /** The keys of the JSON object. */
  private record Result(String automatic, List<Row> backends) {}

  /** One back end; problem is null if it can be used. */
  private record Row(
      String name, boolean usable, String problem, String version, String device, String selfTest) {
    static Row of(BackendStatus status) {
      return new Row(
          status.choice().label(),
          status.usable(),
          status.problem().orElse(null),
          status.version(),
          status.device(),
          status.usable() ? "passed" : "not passed");
    }
  }

  @Spec private CommandSpec spec;

  @Option(names = "--json", description = "Print the result as one JSON object.")
  private boolean json;

  @Option(
      names = "--selftest",
      description = "Test every operation on random problems, which takes some seconds.")
  private boolean selfTest;

  @Option(
      names = "--backend",
      paramLabel = "auto|cuda|native|nd4j|java",
      description = "With --selftest, the one to test; default auto: all that can be used.")
  private Optional<BackendChoice> backend;

  BackendsCommand() {}

  @Override
  public Integer call() {
    if (selfTest) {
      return new BackendSelfTest(spec.commandLine().getOut(), json)
              .run(backend.orElse(BackendChoice.AUTO))
          ? Main.OK
          : Main.FAILED;
    }
    if (backend.isPresent()) {
      throw new InvalidInputException("--backend says which one to test, expected --selftest.");
    }
    List<Row> rows = Backends.statuses().stream().map(Row::of).toList();
    Optional<Row> automatic = rows.stream().filter(Row::usable).findFirst();
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      Json.print(out, new Result(automatic.map(Row::name).orElse(null), rows));
      return Main.OK;
    }
    for (Row row : rows) {
      out.printf(
          "%-7s %s%n",
          row.name,
          row.usable
              ? "usable: %s, %s, self-test %s".formatted(row.version, row.device, row.selfTest)
              : "not usable: " + row.problem);
    }
    automatic.ifPresent(row -> out.printf("%nauto picks %s.%n", row.name));
    out.flush();
    return Main.OK;
  }
}
