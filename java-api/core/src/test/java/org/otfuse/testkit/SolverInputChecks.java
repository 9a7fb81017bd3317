package org.otfuse.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.otfuse.testkit.Samples.even;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.otfuse.InvalidInputException;
import org.otfuse.SinkhornSettings;
import org.otfuse.testkit.AssignmentChecks.AssignmentProblem;
import org.otfuse.testkit.TransportChecks.TransportProblem;

/**
 * What no solver takes: costs, masses and potentials to start from that are not finite, and masses
 * that are not positive. Each is refused in one sentence with its place, and the back end goes on.
 */
interface SolverInputChecks extends BackendChecks {
  float[] NOT_FINITE = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};

  /** The last ones are below what a mass must be. */
  float[] NO_MASSES = {
    Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, -0.5f, 0f, -0f, 9e-31f, 1e-40f
  };

  /** Places whose last one is in a remainder of every vector width. */
  int[][] PLACES = {{0, 0}, {3, 4}, {18, 36}};

  int ROWS = 19;
  int COLUMNS = 37;

  private static float[] costs(int n, int m) {
    return new Samples(71).uniform(n * m, 1);
  }

  private static float[] with(float[] values, int index, float value) {
    float[] changed = values.clone();
    changed[index] = value;
    return changed;
  }

  private static void assertRefused(String place, String expected, Runnable call) {
    String message = assertThrows(InvalidInputException.class, call::run, place).getMessage();
    assertTrue(message.startsWith(place + " of problem 1 is "), message);
    assertTrue(message.contains(", expected a finite number" + expected), message);
    assertTrue(message.endsWith(".") && message.indexOf('\n') < 0, message);
  }

  private void assertWorks() {
    float[] cost = {1, 0, 2, 0, 1, 2, 2, 2, 0};
    List<Outcome> found =
        AssignmentChecks.assign(backend(), GARBAGE, List.of(new AssignmentProblem(cost, 3)));
    assertArrayEquals(new float[] {1, 0, 2}, found.get(0).array(0));
  }

  /** Solves a good problem and one that may be bad. */
  private void sinkhorn(SinkhornProblem problem) {
    SinkhornProblem good =
        new SinkhornProblem(costs(5, 4), even(5), even(4), SinkhornSettings.DEFAULTS);
    SinkhornProblem.solve(backend(), NOT_A_NUMBER, List.of(good, problem));
  }

  private void transport(float[] cost, float[] a, float[] b) {
    TransportProblem good = new TransportProblem(costs(5, 4), even(5), even(4));
    TransportChecks.transport(
        backend(), NOT_A_NUMBER, List.of(good, new TransportProblem(cost, a, b)));
  }

  private void assign(float[] cost, int n) {
    AssignmentProblem good = new AssignmentProblem(costs(4, 4), 4);
    AssignmentChecks.assign(backend(), NOT_A_NUMBER, List.of(good, new AssignmentProblem(cost, n)));
  }

  private static List<SinkhornSettings> balancedAndNot() {
    return List.of(SinkhornSettings.DEFAULTS, SinkhornSettings.DEFAULTS.withTau(0.5));
  }

  @Test
  default void costsThatAreNotFiniteAreRefusedWithTheirPlace() {
    for (int[] at : PLACES) {
      String place = "Cost [%d,%d]".formatted(at[0], at[1]);
      for (float value : NOT_FINITE) {
        float[] cost = with(costs(ROWS, COLUMNS), at[0] * COLUMNS + at[1], value);
        for (SinkhornSettings settings : balancedAndNot()) {
          SinkhornProblem problem = new SinkhornProblem(cost, even(ROWS), even(COLUMNS), settings);
          assertRefused(place, ".", () -> sinkhorn(problem));
        }
        assertRefused(place, ".", () -> transport(cost, even(ROWS), even(COLUMNS)));
        float[] square = with(costs(COLUMNS, COLUMNS), at[0] * COLUMNS + at[1], value);
        assertRefused(place, ".", () -> assign(square, COLUMNS));
      }
    }
    assertWorks();
  }

  @Test
  default void massesThatAreNotFiniteAndPositiveAreRefusedWithTheirPlace() {
    for (float value : NO_MASSES) {
      float[] a = with(even(ROWS), 2, value);
      float[] b = with(even(COLUMNS), COLUMNS - 1, value);
      float[] cost = costs(ROWS, COLUMNS);
      String place = "Mass b[%d]".formatted(COLUMNS - 1);
      for (SinkhornSettings settings : balancedAndNot()) {
        assertRefused(
            "Mass a[2]", "", () -> sinkhorn(new SinkhornProblem(cost, a, even(COLUMNS), settings)));
        assertRefused(
            place, "", () -> sinkhorn(new SinkhornProblem(cost, even(ROWS), b, settings)));
      }
      assertRefused("Mass a[2]", "", () -> transport(cost, a, even(COLUMNS)));
      assertRefused(place, "", () -> transport(cost, even(ROWS), b));
    }
    assertWorks();
  }

  @Test
  default void potentialsToStartFromThatAreNotFiniteAreRefusedWithTheirPlace() {
    for (float value : NOT_FINITE) {
      List<float[]> rows = List.of(with(new float[ROWS], 2, value), new float[COLUMNS]);
      List<float[]> columns = List.of(new float[ROWS], with(new float[COLUMNS], 36, value));
      for (SinkhornSettings settings : balancedAndNot()) {
        SinkhornProblem cold =
            new SinkhornProblem(costs(ROWS, COLUMNS), even(ROWS), even(COLUMNS), settings.warm());
        assertRefused("Potential f[2]", ".", () -> sinkhorn(from(cold, rows)));
        assertRefused("Potential g[36]", ".", () -> sinkhorn(from(cold, columns)));
      }
      List<float[]> guesses = List.of(new float[4], with(new float[6], 5, value));
      List<AssignmentProblem> assignments = new ArrayList<>();
      List<TransportProblem> transports = new ArrayList<>();
      for (float[] guess : guesses) {
        int n = guess.length;
        assignments.add(new AssignmentProblem(costs(n, n), n));
        transports.add(new TransportProblem(costs(3, n), even(3), even(n)));
      }
      assertRefused(
          "Potential g[5]",
          ".",
          () -> AssignmentChecks.assign(backend(), GARBAGE, assignments, guesses));
      assertRefused(
          "Potential g[5]",
          ".",
          () -> TransportChecks.transport(backend(), GARBAGE, transports, guesses));
    }
    assertWorks();
  }

  private static SinkhornProblem from(SinkhornProblem p, List<float[]> start) {
    return new SinkhornProblem(p.cost(), p.a(), p.b(), p.settings(), start);
  }
}
