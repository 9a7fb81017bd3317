package org.otfuse.solver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.otfuse.InvalidInputException;
import org.otfuse.spi.Assignment;

class AssignmentSolverTest {

  @Test
  void costEqualsThatOfTheBestPermutationWhereAllCanBeTried() {
    for (int n = 1; n <= 7; n++) {
      for (long seed = 1; seed <= 30; seed++) {
        for (float[] cost :
            new float[][] {
              Costs.uniform(n, n, seed, 1), Costs.wide(n, n, seed), Costs.integers(n, n, seed, 4)
            }) {
          double best = bestOfAllPermutations(cost, n, new int[n], 0) / n;
          double found = AssignmentSolver.solve(cost, 0, n).report().transportCost();
          assertEquals(best, found, 1e-9 * Math.max(1, Math.abs(best)), "n " + n + " seed " + seed);
        }
      }
    }
  }

  static Stream<Arguments> problems() {
    return IntStream.of(1, 2, 3, 8, 33, 100, 257)
        .boxed()
        .flatMap(
            n ->
                Stream.of(
                    Arguments.of("uniform", n, Costs.uniform(n, n, n, 1)),
                    Arguments.of("uniform from 0 to 0.001", n, Costs.uniform(n, n, n, 1e-3f)),
                    Arguments.of("1e-3 to 1e3, both signs", n, Costs.wide(n, n, n)),
                    Arguments.of("integers with many ties", n, Costs.integers(n, n, n, 5)),
                    Arguments.of("integers with some ties", n, Costs.integers(n, n, n, 1000)),
                    Arguments.of("zero", n, new float[n * n]),
                    Arguments.of("constant", n, Costs.of(n, n, (i, j) -> 7)),
                    Arguments.of("equal rows", n, Costs.of(n, n, (i, j) -> j * j % 11)),
                    Arguments.of("equal columns", n, Costs.of(n, n, (i, j) -> i * i % 11)),
                    Arguments.of("Monge", n, Costs.of(n, n, (i, j) -> (i - j) * (i - j))),
                    Arguments.of("inverse Monge", n, Costs.of(n, n, (i, j) -> (i + 1) * (j + 1))),
                    Arguments.of("correlated", n, Costs.correlated(n, n, n, 0.3)),
                    Arguments.of("closely correlated", n, Costs.correlated(n, n, n, 0.01))));
  }

  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("problems")
  void potentialsProveThatTheMatchingIsOptimal(String kind, int n, float[] cost) {
    Matching matching = AssignmentSolver.match(CostMatrix.of(cost, 0, n, n));
    assertPermutation(matching.rowOf);
    double primal = 0;
    double dual = 0;
    double scale = 0;
    for (int i = 0; i < n; i++) {
      double u = Double.POSITIVE_INFINITY;
      for (int j = 0; j < n; j++) {
        u = Math.min(u, cost[i * n + j] - matching.v[j]);
        scale = Math.max(scale, Math.abs(cost[i * n + j]));
      }
      dual += u + matching.v[i];
      primal += cost[matching.rowOf[i] * n + i];
    }
    assertEquals(dual, primal, 1e-12 * n * scale);
    Assignment solved = AssignmentSolver.solve(cost, 0, n);
    assertArrayEquals(matching.rowOf, solved.map().source());
    assertEquals(primal / n, solved.report().transportCost(), 1e-12 * scale);
    assertEquals((primal - dual) / n, solved.report().dualityGap(), 1e-12 * scale);
  }

  @Test
  void plantedPermutationIsFound() {
    for (int n : new int[] {2, 31, 128, 300}) {
      int[] permutation = Costs.permutation(n, n);
      float[] cost = Costs.planted(permutation, n);
      assertArrayEquals(permutation, AssignmentSolver.solve(cost, 0, n).map().source());
    }
  }

  @Test
  void sortedPointsOnALineAreMatchedInOrder() {
    int n = 90;
    float[] cost = Costs.of(n, n, (i, j) -> (2 * i - 2 * j - 1) * (2 * i - 2 * j - 1));
    int[] identity = IntStream.range(0, n).toArray();
    assertArrayEquals(identity, AssignmentSolver.solve(cost, 0, n).map().source());
  }

  @Test
  void costInsideALargerArrayIsReadFromItsOffsetAndLeftAsItIs() {
    int n = 20;
    float[] cost = Costs.uniform(n, n, 5, 1);
    float[] padded = new float[n * n + 9];
    Arrays.fill(padded, Float.NaN);
    System.arraycopy(cost, 0, padded, 4, n * n);
    float[] before = padded.clone();
    Assignment solved = AssignmentSolver.solve(padded, 4, n);
    assertArrayEquals(before, padded);
    assertArrayEquals(AssignmentSolver.solve(cost, 0, n).map().source(), solved.map().source());
  }

  @Test
  void sameCostGivesTheSameMatchingEveryTime() {
    float[] cost = Costs.integers(80, 80, 3, 3);
    Assignment first = AssignmentSolver.solve(cost, 0, 80);
    for (int run = 0; run < 5; run++) {
      Assignment again = AssignmentSolver.solve(cost.clone(), 0, 80);
      assertArrayEquals(first.map().source(), again.map().source());
      assertEquals(first.report(), again.report());
    }
  }

  @Test
  void reportSaysConvergedWithoutViolation() {
    Assignment solved = AssignmentSolver.solve(new float[] {1, 3, 2, 8}, 0, 2);
    assertArrayEquals(new int[] {1, 0}, solved.map().source());
    assertEquals(2.5, solved.report().transportCost());
    assertEquals(0, solved.report().violation());
    assertEquals(0, solved.report().dualityGap());
    assertTrue(solved.report().converged());
  }

  @Test
  void costThatIsNotFiniteIsRefusedWithItsPlace() {
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      float[] cost = new float[9];
      cost[5] = bad;
      InvalidInputException refused =
          assertThrows(InvalidInputException.class, () -> AssignmentSolver.solve(cost, 0, 3));
      assertEquals("Cost [1,2] is " + bad + ", expected a finite number.", refused.getMessage());
    }
  }

  @Test
  void guessesFarBeyondTheCostsDoNotSwallowTheirDigits() {
    int n = 40;
    float[] cost = Costs.uniform(n, n, 6, 1);
    double best = AssignmentSolver.solve(cost, 0, n).report().transportCost();
    for (float spread : new float[] {1e10f, 1e30f, 3e38f}) {
      float[] guesses = Costs.uniform(n, 1, 7, 1);
      for (int j = 0; j < n; j++) {
        guesses[j] = (guesses[j] - 0.5f) * 2 * spread;
      }
      Assignment solved = AssignmentSolver.solve(cost, 0, n, guesses, 0);
      assertEquals(best, solved.report().transportCost(), 1e-12);
      assertEquals(0, solved.report().dualityGap(), 1e-12);
    }
  }

  @Test
  void costOutsideItsArrayIsRefused() {
    float[] cost = new float[9];
    assertThrows(InvalidInputException.class, () -> AssignmentSolver.solve(cost, 1, 3));
    assertThrows(InvalidInputException.class, () -> AssignmentSolver.solve(cost, -1, 2));
    assertThrows(InvalidInputException.class, () -> AssignmentSolver.solve(cost, 0, 0));
    assertThrows(InvalidInputException.class, () -> AssignmentSolver.solve(cost, 0, 65536));
  }

  private static void assertPermutation(int[] source) {
    int[] sorted = source.clone();
    Arrays.sort(sorted);
    assertArrayEquals(IntStream.range(0, source.length).toArray(), sorted);
  }

  private static double bestOfAllPermutations(float[] cost, int n, int[] taken, int i) {
    if (i == n) {
      return 0;
    }
    double best = Double.POSITIVE_INFINITY;
    for (int j = 0; j < n; j++) {
      if (taken[j] == 0) {
        taken[j] = 1;
        best = Math.min(best, cost[i * n + j] + bestOfAllPermutations(cost, n, taken, i + 1));
        taken[j] = 0;
      }
    }
    return best;
  }
}
