package org.otfuse.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.otfuse.MarginalKind;
import org.otfuse.SinkhornSettings;
import org.otfuse.Solver;
import org.otfuse.spi.Backend;
import org.otfuse.spi.BackendSettings;
import org.otfuse.spi.DeviceBuffer;
import org.otfuse.spi.Matrix;
import org.otfuse.spi.SinkhornTask;
import org.otfuse.spi.Span;

/** How often the device is asked to do something, which is what small problems cost. */
@RequiresEmulator
class LaunchCountTest {
  /** Launchers of a batch; what they launch is counted by the emulator. */
  private static final Set<String> LAUNCHERS =
      Set.of(
          "scan",
          "sinkhorn",
          "costDirect",
          "costCenter",
          "costFinish",
          "multiply",
          "maps",
          "average",
          "features");

  /** What a look through the input of a batch takes. */
  private static final int SCAN_KERNELS = 2;

  /** The most kernels that otfuse_cuda.h lets a batch of Sinkhorn problems take, with that. */
  private static final int SINKHORN_KERNELS = 6 + SCAN_KERNELS;

  /** Random values in a new buffer. */
  private static DeviceBuffer random(Backend backend, int length, long seed) {
    Random random = new Random(seed);
    FloatBuffer values = FloatBuffer.allocate(length);
    for (int i = 0; i < length; i++) {
      values.put(i, 0.5f + random.nextFloat());
    }
    return backend.upload(values);
  }

  private static Span even(Backend backend, int n) {
    FloatBuffer values = FloatBuffer.allocate(n);
    for (int i = 0; i < n; i++) {
      values.put(i, 1f / n);
    }
    return Span.of(backend.upload(values));
  }

  private static SinkhornTask problem(Backend backend, int n, int m, int iterations) {
    return new SinkhornTask(
        Matrix.of(random(backend, n * m, n), n, m),
        even(backend, n),
        even(backend, m),
        Matrix.of(backend.allocate((long) n * m), n, m),
        Span.of(backend.allocate(n)),
        Span.of(backend.allocate(m)),
        new SinkhornSettings(0.05, 0, iterations, Double.POSITIVE_INFINITY, false));
  }

  /** Sizes for one block, for teams, and for rows that warps take in panels. */
  private static final int[][] SIZES = {{40, 50}, {7, 300}, {260, 250}, {200, 190}, {3, 9000}};

  private static void assertFewLaunches(int problems, int iterations) {
    WatchedDriver watched = new WatchedDriver(new EmulatedDriver());
    try (Backend backend = CudaBackendProvider.open(watched.driver(), BackendSettings.DEFAULTS)) {
      List<SinkhornTask> batch = new ArrayList<>();
      for (int k = 0; k < problems; k++) {
        int[] size = k < SIZES.length ? SIZES[k] : SIZES[k % 2];
        batch.add(problem(backend, size[0], size[1], iterations));
      }
      watched.calls().clear();
      long kernels = Emulator.ote_kernels();
      backend.sinkhorn(batch);
      assertEquals(
          List.of("scan", "sinkhorn"),
          watched.calls().stream().filter(LAUNCHERS::contains).toList());
      assertTrue(Emulator.ote_kernels() - kernels <= SINKHORN_KERNELS);
    }
  }

  @Test
  void sinkhornTakesAsManyLaunchesForAnyBatchAndAnyIterations() {
    assertFewLaunches(1, 1);
    assertFewLaunches(1, 30);
    assertFewLaunches(60, 1);
    assertFewLaunches(60, 30);
  }

  /** The launchers that an operation calls, in order, and how many kernels run. */
  private static void assertLaunches(
      Operation operation, int tasks, int kernels, String... launchers) {
    WatchedDriver watched = new WatchedDriver(new EmulatedDriver());
    try (Backend backend = CudaBackendProvider.open(watched.driver(), BackendSettings.DEFAULTS);
        Operation.Buffers buffers = new Operation.Buffers(backend)) {
      long before = Emulator.ote_kernels();
      watched.calls().clear();
      operation.run(backend, buffers, tasks);
      backend.download(buffers.even(1), FloatBuffer.allocate(1));
      assertEquals(
          List.of(launchers), watched.calls().stream().filter(LAUNCHERS::contains).toList());
      assertEquals(kernels, Emulator.ote_kernels() - before);
    }
  }

  @Test
  void mapsTakeThreeKernelsForAnyBatch() {
    assertLaunches(Operation.MAPS, 1, 3, "maps");
    assertLaunches(Operation.MAPS, 40, 3, "maps");
  }

  @Test
  void averagesThroughHardMapsTakeOneKernelForAnyBatch() {
    assertLaunches(Operation.HARD_AVERAGE, 1, 1, "average");
    assertLaunches(Operation.HARD_AVERAGE, 40, 1, "average");
  }

  @Test
  void averagesThroughSoftMapsTakeAProductMoreForEachOfThem() {
    assertLaunches(Operation.SOFT_AVERAGE, 1, 1, "average", "multiply");
    assertLaunches(Operation.SOFT_AVERAGE, 3, 1, "average", "multiply", "multiply", "multiply");
  }

  @Test
  void featuresTakeOneKernelAndAProductForEachSoftMap() {
    assertLaunches(Operation.FEATURES, 2, 1, "multiply", "multiply", "features");
  }

  @Test
  void costsTakeFourKernelsAndAProductForEachProblemOfLongFeatures() {
    assertLaunches(Operation.COST, 2, 4, "costDirect", "costCenter", "multiply", "costFinish");
    assertLaunches(
        Operation.COST,
        5,
        4,
        "costDirect",
        "costCenter",
        "multiply",
        "multiply",
        "multiply",
        "costFinish");
  }

  @Test
  void exactSolutionsStartFromOneBatchOfPotentials() {
    assertLaunches(Operation.ASSIGN, 5, 1 + SCAN_KERNELS, "scan", "sinkhorn");
    assertLaunches(Operation.TRANSPORT, 5, 1 + SCAN_KERNELS, "scan", "sinkhorn");
  }

  @Test
  void aPlanSharesOnePinnedAreaForItsExactProblems() {
    WatchedDriver watched = new WatchedDriver(new EmulatedDriver());
    try (Backend backend = CudaBackendProvider.open(watched.driver(), BackendSettings.DEFAULTS)) {
      watched.calls().clear();
      FaultTest.fuse(backend, Solver.EXACT, MarginalKind.UNIFORM, 1);
      assertEquals(1, watched.calls().stream().filter("allocateHost"::equals).count());
      watched.calls().clear();
      FaultTest.fuse(backend, Solver.SINKHORN, MarginalKind.L2, 1);
      assertEquals(0, watched.calls().stream().filter("allocateHost"::equals).count());
    }
  }
}
