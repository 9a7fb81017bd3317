package org.otfuse.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import org.otfuse.BackendChoice;
import org.otfuse.BackendUnavailableException;
import org.otfuse.FusionEngine;
import org.otfuse.SelfTestException;
import org.otfuse.spi.Backend;

/**
 * {@code otfuse backends --selftest}: every operation of a back end on random ragged batches beside
 * the pure Java back end, which itself is held against known numbers.
 */
final class BackendSelfTest {
  /** The keys of the JSON object. */
  private record Result(boolean passed, List<Row> backends) {}

  /** One back end; problem is null where it could be opened. */
  private record Row(
      String name,
      boolean passed,
      String problem,
      String version,
      String device,
      List<Check> checks) {}

  /** One check. */
  private record Check(String name, boolean passed, String detail) {}

  private final PrintWriter out;
  private final boolean json;
  private final List<Row> rows = new ArrayList<>();

  BackendSelfTest(PrintWriter out, boolean json) {
    this.out = out;
    this.json = json;
  }

  /**
   * Tests one back end or, for auto, all that can be used.
   *
   * @return whether every back end that opened is right
   */
  boolean run(BackendChoice choice) {
    if (choice == BackendChoice.AUTO) {
      for (BackendChoice each : BackendChoice.values()) {
        if (each != BackendChoice.AUTO) {
          testIfUsable(each);
        }
      }
    } else {
      test(choice);
    }
    boolean passed = rows.stream().noneMatch(row -> row.problem == null && !row.passed);
    if (json) {
      Json.print(out, new Result(passed, rows));
    }
    return passed;
  }

  private void testIfUsable(BackendChoice choice) {
    try {
      test(choice);
    } catch (SelfTestException e) {
      say("%s: FAILED on opening: %s", choice.label(), e.getMessage());
      Check opening = new Check("opening", false, e.getMessage());
      rows.add(new Row(choice.label(), false, null, null, null, List.of(opening)));
    } catch (BackendUnavailableException e) {
      say("%s: not usable: %s", choice.label(), e.getMessage());
      rows.add(new Row(choice.label(), false, e.getMessage(), null, null, List.of()));
    }
  }

  private void test(BackendChoice choice) {
    try (FusionEngine engine = FusionEngine.open(choice);
        FusionEngine java = FusionEngine.open(BackendChoice.JAVA)) {
      Backend backend = engine.backend();
      say("%s: %s, %s", backend.name(), backend.version(), backend.device());
      List<SelfTestCheck> checks = new ArrayList<>(KnownNumberChecks.all());
      if (choice != BackendChoice.JAVA) {
        checks.addAll(new ReferenceChecks(java).all());
      }
      List<Check> done = checks.stream().map(check -> run(check, engine)).toList();
      long failed = done.stream().filter(check -> !check.passed).count();
      rows.add(
          new Row(backend.name(), failed == 0, null, backend.version(), backend.device(), done));
      say(
          failed == 0 ? "%s: all %d checks passed." : "%s: %3$d of %2$d checks FAILED.",
          backend.name(),
          done.size(),
          failed);
    }
  }

  private Check run(SelfTestCheck check, FusionEngine engine) {
    SelfTestCheck.Outcome outcome = check.run(engine);
    say("  %-6s %s: %s", outcome.passed() ? "ok" : "FAILED", check.name(), outcome.detail());
    return new Check(check.name(), outcome.passed(), outcome.detail());
  }

  private void say(String line, Object... values) {
    if (!json) {
      out.printf(line + "%n", values);
      out.flush();
    }
  }
}
