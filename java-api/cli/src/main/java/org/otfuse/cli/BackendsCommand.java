package org.otfuse.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.otfuse.BackendChoice;
import org.otfuse.BackendStatus;
import org.otfuse.BackendUnavailableException;
import org.otfuse.Backends;
import org.otfuse.FusionEngine;
import org.otfuse.InvalidInputException;
import org.otfuse.SelfTestException;
import org.otfuse.selftest.BackendSelfTest;
import org.otfuse.selftest.BackendSelfTest.Check;
import org.otfuse.spi.Backend;
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

  /** The keys of the JSON object of a self-test. */
  private record SelfTest(boolean passed, List<Tested> backends) {}

  /** One back end that was tested; problem is null where it could be opened. */
  private record Tested(
      String name,
      boolean passed,
      String problem,
      String version,
      String device,
      List<Check> checks) {}

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
      return testAll(backend.orElse(BackendChoice.AUTO)) ? Main.OK : Main.FAILED;
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

  /** Tests one back end or, for auto, all that can be used; says whether those are right. */
  private boolean testAll(BackendChoice choice) {
    List<Tested> tested = new ArrayList<>();
    if (choice == BackendChoice.AUTO) {
      for (BackendChoice each : BackendChoice.values()) {
        if (each != BackendChoice.AUTO) {
          tested.add(testIfUsable(each));
        }
      }
    } else {
      tested.add(test(choice));
    }
    boolean passed = tested.stream().noneMatch(row -> row.problem == null && !row.passed);
    if (json) {
      Json.print(spec.commandLine().getOut(), new SelfTest(passed, tested));
    }
    return passed;
  }

  private Tested testIfUsable(BackendChoice choice) {
    try {
      return test(choice);
    } catch (SelfTestException e) {
      say("%s: FAILED on opening: %s", choice.label(), e.getMessage());
      Check opening = new Check("opening", false, e.getMessage());
      return new Tested(choice.label(), false, null, null, null, List.of(opening));
    } catch (BackendUnavailableException e) {
      say("%s: not usable: %s", choice.label(), e.getMessage());
      return new Tested(choice.label(), false, e.getMessage(), null, null, List.of());
    }
  }

  private Tested test(BackendChoice choice) {
    try (FusionEngine engine = FusionEngine.open(choice)) {
      Backend tested = engine.backend();
      say("%s: %s, %s", tested.name(), tested.version(), tested.device());
      List<Check> done =
          BackendSelfTest.run(
              engine,
              check ->
                  say(
                      "  %-6s %s: %s",
                      check.passed() ? "ok" : "FAILED", check.name(), check.detail()));
      long failed = done.stream().filter(check -> !check.passed()).count();
      say(
          failed == 0 ? "%s: all %d checks passed." : "%s: %3$d of %2$d checks FAILED.",
          tested.name(),
          done.size(),
          failed);
      return new Tested(tested.name(), failed == 0, null, tested.version(), tested.device(), done);
    }
  }

  private void say(String line, Object... values) {
    if (!json) {
      PrintWriter out = spec.commandLine().getOut();
      out.printf(line + "%n", values);
      out.flush();
    }
  }
}
