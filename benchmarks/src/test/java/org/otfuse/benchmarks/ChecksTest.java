package org.otfuse.benchmarks;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.otfuse.cli.bench.Networks;

/** A trial is not timed where its result is wrong. */
class ChecksTest {
  // the six permutations cost 4, 5, 6, 7, 11 and 11
  private static final float[] COST = {4, 3, 1, 2, 0, 5, 3, 2, 2};

  @Test
  void theBestAssignmentPasses() {
    assertDoesNotThrow(() -> new AssignmentCheck(COST, 3).check(new int[] {2, 1, 0}));
  }

  @Test
  void aWorseAssignmentFails() {
    assertThrows(
        WrongResultException.class, () -> new AssignmentCheck(COST, 3).check(new int[] {1, 2, 0}));
  }

  @Test
  void arrangementsThatAreNoPermutationFail() {
    assertEquals(
        "row 1 is matched twice, expected once",
        assertThrows(
                WrongResultException.class,
                () -> new AssignmentCheck(COST, 3).check(new int[] {1, 2, 1}))
            .getMessage());
  }

  @Test
  void theCouplingOfTwoByTwoInClosedFormPasses() {
    // cost 0 on the diagonal and 1 beside it, mean 1/2; by symmetry T = (p, 1/2 - p) with
    // p / (1/2 - p) = exp(1 / eps), and equal potentials f = g = eps log(p) / 2
    double eps = 0.5 * 0.5;
    double p = 0.5 / (1 + Math.exp(-1 / eps));
    float potential = (float) (eps * Math.log(p) / 2);
    float[] plan = {(float) p, (float) (0.5 - p), (float) (0.5 - p), (float) p};
    float[] potentials = {potential, potential};
    SinkhornCheck check = new SinkhornCheck(new float[] {0, 1, 1, 0}, 2, 2);
    assertDoesNotThrow(() -> check.check(plan, potentials, potentials, 0.5));
    float[] uniform = {0.25f, 0.25f, 0.25f, 0.25f};
    assertThrows(
        WrongResultException.class, () -> check.check(uniform, potentials, potentials, 0.5));
    float[] light = {0.2f, 0.25f, 0.25f, 0.25f};
    assertThrows(WrongResultException.class, () -> check.check(light, potentials, potentials, 0.5));
  }

  @Test
  void aFusionThatIsNotUnshuffledFails() {
    PlantedPair pair = new PlantedPair(Networks.mlp(8, 6, 5, 3), 1);
    assertThrows(WrongResultException.class, () -> pair.check(pair.weights().get(1), 1e-2));
  }
}
