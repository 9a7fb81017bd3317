package org.otfuse.benchmarks;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.otfuse.BackendChoice;
import org.otfuse.FusionEngine;
import org.otfuse.InvalidInputException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Runs a mode round by round; a failure is told and the rest goes on. */
@Command(mixinStandardHelpOptions = true, sortOptions = false)
final class RunCommand implements Callable<Integer> {
  private static final int MOST_SECONDS = 3600;

  private final Mode all;

  @Spec private CommandSpec spec;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      defaultValue = "results.json",
      description = "Where JMH's JSON goes; default ${DEFAULT-VALUE}.")
  private Path output;

  @Option(names = "--append", description = "Add to the results that the file has.")
  private boolean append;

  @Option(
      names = "--only",
      paramLabel = "TEXT",
      description = "Only cases that contain the text, as --list shows them.")
  private List<String> only = List.of();

  @Option(names = "--rounds", paramLabel = "N", description = "JVMs for each case and back end.")
  private Integer rounds;

  @Option(names = "--seconds", paramLabel = "X", description = "Least length of an iteration.")
  private Double seconds;

  @Option(names = "--list", description = "Show the cases and run none.")
  private boolean list;

  RunCommand(Mode all) {
    this.all = all;
  }

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    Mode mode = selected();
    if (list) {
      mode.cases().forEach(out::println);
      return Benchmarks.OK;
    }
    List<String> backends = UsableBackends.find(out);
    List<String> measuring = backends.stream().filter(RunCommand::measuresLimits).toList();
    ResultsFile results =
        append && Files.exists(output) ? ResultsFile.read(output) : ResultsFile.empty(output);
    CaseRunner runner = new CaseRunner(mode);
    int failures = 0;
    for (int round = 1; round <= mode.rounds(); round++) {
      for (Case what : mode.cases()) {
        for (Optional<String> backend :
            participants(what, what.measuresLimits() ? measuring : backends)) {
          String name = what + backend.map(b -> " backend=" + b).orElse("");
          long start = System.nanoTime();
          try {
            results.add(runner.run(what, backend));
          } catch (WrongResultException e) {
            failures++;
            out.printf("%s failed: %s%n", name, e.getMessage());
          }
          out.printf(
              Locale.ROOT,
              "round %d of %d: %s, %.1f s%n",
              round,
              mode.rounds(),
              name,
              1e-9 * (System.nanoTime() - start));
          out.flush();
        }
      }
    }
    out.printf("%d failures; results are in %s%n", failures, output);
    return failures == 0 ? Benchmarks.OK : Benchmarks.FAILED;
  }

  private static List<Optional<String>> participants(Case what, List<String> backends) {
    return what.hasBackend()
        ? backends.stream().map(Optional::of).toList()
        : List.of(Optional.empty());
  }

  private Mode selected() {
    List<Case> cases =
        all.cases().stream()
            .filter(c -> only.isEmpty() || only.stream().anyMatch(c.toString()::contains))
            .toList();
    if (cases.isEmpty()) {
      throw new InvalidInputException(
          "--only is " + String.join(", ", only) + ", expected a text that some case contains");
    }
    if (rounds != null && rounds < 1) {
      throw new InvalidInputException("--rounds is " + rounds + ", expected 1 or above");
    }
    if (seconds != null && !(seconds > 0 && seconds <= MOST_SECONDS)) {
      throw new InvalidInputException(
          "--seconds is %s, expected a number above 0 and at most %d"
              .formatted(seconds, MOST_SECONDS));
    }
    return new Mode(
        cases,
        rounds == null ? all.rounds() : rounds,
        all.warmUps(),
        all.iterations(),
        seconds == null ? all.milliseconds() : (int) Math.ceil(1e3 * seconds));
  }

  private static boolean measuresLimits(String backend) {
    try (FusionEngine engine =
        FusionEngine.open(BackendChoice.valueOf(backend.toUpperCase(Locale.ROOT)))) {
      return engine.backend().limits().isPresent();
    }
  }
}
