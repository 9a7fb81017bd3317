package org.otfuse.selftest;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.otfuse.BackendChoice;
import org.otfuse.BackendUnavailableException;
import org.otfuse.FusionEngine;

/**
 * Every operation of a back end on random ragged batches beside the pure Java back end, which
 * itself is held against known numbers. Thread-safe.
 *
 * <pre>{@code
 * List<BackendSelfTest.Check> checks = BackendSelfTest.run(BackendChoice.NATIVE, check -> {});
 * }</pre>
 */
public final class BackendSelfTest {
  private BackendSelfTest() {}

  /**
   * How one check went.
   *
   * @param name what was computed
   * @param passed whether it is right
   * @param detail how far off it is and how far it may be, or why nothing came
   */
  public record Check(String name, boolean passed, String detail) {}

  /**
   * Tests a back end, which takes some seconds.
   *
   * @param choice the back end; with AUTO the one that an engine takes
   * @param done hears of each check when it is done
   * @return all checks, in order
   * @throws BackendUnavailableException if the back end cannot run here
   */
  public static List<Check> run(BackendChoice choice, Consumer<Check> done) {
    try (FusionEngine engine = FusionEngine.open(choice)) {
      return run(engine, done);
    }
  }

  /**
   * Tests the back end of an engine, which takes some seconds.
   *
   * @param engine an open engine
   * @param done hears of each check when it is done
   * @return all checks, in order
   */
  public static List<Check> run(FusionEngine engine, Consumer<Check> done) {
    try (FusionEngine java = FusionEngine.open(BackendChoice.JAVA)) {
      List<SelfTestCheck> checks = new ArrayList<>(KnownNumberChecks.all());
      if (!engine.backend().name().equals(BackendChoice.JAVA.label())) {
        checks.addAll(new ReferenceChecks(java).all());
      }
      List<Check> results = new ArrayList<>();
      for (SelfTestCheck check : checks) {
        Check result = check.run(engine);
        done.accept(result);
        results.add(result);
      }
      return results;
    }
  }
}
