package org.otfuse.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.otfuse.DeviceException;
import org.otfuse.InputMap;
import org.otfuse.MarginalKind;
import org.otfuse.Metric;
import org.otfuse.OtfuseException;
import org.otfuse.SinkhornSettings;
import org.otfuse.Solver;
import org.otfuse.spi.Backend;
import org.otfuse.spi.BackendSettings;
import org.otfuse.spi.CompiledFusion;
import org.otfuse.spi.DeviceBuffer;
import org.otfuse.spi.FusionProgram;
import org.otfuse.spi.FusionProgram.Axis;
import org.otfuse.spi.FusionProgram.Block;
import org.otfuse.spi.FusionProgram.Normalization;
import org.otfuse.spi.FusionProgram.Part;
import org.otfuse.spi.FusionProgram.Segment;
import org.otfuse.spi.FusionProgram.Step;

/**
 * Any call of CUDA may fail: nothing leaks, and the engine works on or says that it cannot. What
 * the device would compute is left out, since the calls are the same without it.
 */
@RequiresEmulator
@Tag("long")
class FaultTest {
  private static final int INVALID_VALUE = 1;
  private static final int MEMORY = 2;
  private static final int LAUNCH_FAILURE = 719;
  private static final int NOT_A_NUMBER = -1;
  private static final int LENGTH = 40;

  /** Four neurons with a normalisation, then three, then two outputs. */
  static FusionProgram program(Solver solver, MarginalKind marginals) {
    Axis none = new Axis(true, List.of(new Segment(-1, 1, 3)));
    Axis first = new Axis(false, List.of(new Segment(0, 1, 4)));
    Axis second = new Axis(false, List.of(new Segment(1, 1, 3)));
    Part a = new Part(0, List.of(first, none));
    Part b = new Part(28, List.of(second, new Axis(true, List.of(new Segment(0, 1, 4)))));
    Block blockA =
        new Block(
            a, 0, 0, OptionalLong.empty(), Optional.of(new Normalization(12, 16, 20, 24, 1e-5)));
    Block blockB = new Block(b, 0, 0, OptionalLong.of(0), Optional.empty());
    return new FusionProgram(
        LENGTH,
        List.of(0.5, 0.2, 0.3),
        0,
        List.of(4, 3),
        List.of(
            new Step(0, 4, List.of(blockA), List.of(blockA)),
            new Step(1, 5, List.of(blockB), List.of(blockB))),
        List.of(a, new Part(12, List.of(new Axis(false, List.of(new Segment(-1, 1, 16))))), b),
        Metric.EUCLIDEAN,
        solver,
        SinkhornSettings.DEFAULTS.warm(),
        marginals,
        InputMap.ROW);
  }

  private static FloatBuffer direct() {
    return ByteBuffer.allocateDirect(Float.BYTES * LENGTH)
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer();
  }

  /** A prepared fusion of three models, run so often. */
  static void fuse(Backend backend, Solver solver, MarginalKind marginals, int runs) {
    List<FloatBuffer> models = List.of(direct(), direct(), direct());
    try (CompiledFusion fusion = backend.compile(program(solver, marginals)).orElseThrow()) {
      for (int run = 0; run < runs; run++) {
        assertTrue(fusion.run(models, direct()));
      }
    }
  }

  /** What is done between opening and closing. */
  private interface Calls {
    void on(Backend backend);
  }

  private static Calls fusion(Solver solver, MarginalKind marginals) {
    return backend -> fuse(backend, solver, marginals, 2);
  }

  private static Calls batch(Operation operation) {
    return backend -> {
      try (Operation.Buffers buffers = new Operation.Buffers(backend)) {
        operation.run(backend, buffers, 2);
      }
    };
  }

  private static WatchedDriver watch() {
    return new WatchedDriver(new EmulatedDriver()).dry();
  }

  private static Backend open(WatchedDriver driver) {
    return CudaBackendProvider.open(driver.driver(), new BackendSettings(1));
  }

  @BeforeEach
  void start() {
    Emulator.ote_reset(null);
    Emulator.ote_poison(0);
  }

  @AfterEach
  void reset() {
    Emulator.ote_poison(NOT_A_NUMBER);
    Emulator.ote_reset(null);
  }

  /** Does the calls once for each call of the driver from number {@code first} on, which fails. */
  private static void failEach(Calls calls, int first, int error, boolean forGood) {
    WatchedDriver sound = watch();
    try (Backend backend = open(sound)) {
      calls.on(backend);
    }
    assertEquals(0, Emulator.ote_live(), "left without a fault");
    for (int call = first; call < sound.calls().size(); call++) {
      String name = sound.calls().get(call);
      if (error != MEMORY || name.startsWith("allocate") || name.equals("instantiate")) {
        String what = "call %d, %s, fails with %d".formatted(call, name, error);
        failAt(call, calls, error, forGood, what);
        assertEquals(0, Emulator.ote_live(), "left after " + what);
      }
    }
  }

  /** How many calls opening takes. */
  private static int opening() {
    WatchedDriver driver = watch();
    try (Backend backend = open(driver)) {
      return driver.calls().size();
    }
  }

  private static void failAt(int call, Calls calls, int error, boolean forGood, String what) {
    WatchedDriver driver = watch().failing(call, error, forGood);
    Backend backend;
    try {
      backend = open(driver);
    } catch (OtfuseException e) {
      assertNames(error, e, what);
      return;
    }
    try (backend) {
      while (driver.calls().size() <= call) {
        try {
          calls.on(backend);
        } catch (DeviceException e) {
          assertNames(error, e, what);
        }
      }
      try {
        calls.on(backend);
        assertFalse(forGood, what);
      } catch (DeviceException e) {
        assertNames(error, e, what);
        assertTrue(e.getMessage().contains("the GPU is lost to this process"), what + e);
        assertTrue(forGood || isRelease(driver.calls().get(call)), what);
        DeviceException again = assertThrows(DeviceException.class, () -> backend.allocate(1));
        assertEquals(e.getMessage(), again.getMessage(), what);
      }
    }
  }

  /** What releases must not fail; if it does all the same the engine gives up. */
  private static boolean isRelease(String call) {
    return call.startsWith("free") || call.startsWith("destroy");
  }

  private static void assertNames(int error, OtfuseException e, String what) {
    String name = Emulator.ote_error_name(error).getString();
    assertTrue(e.getMessage().contains(name), what + ": " + e.getMessage());
  }

  @ParameterizedTest
  @CsvSource({"EXACT,UNIFORM", "SINKHORN,L2"})
  void afterAnErrorThatPassesTheEngineWorksOn(Solver solver, MarginalKind marginals) {
    failEach(fusion(solver, marginals), 0, INVALID_VALUE, false);
  }

  @ParameterizedTest
  @CsvSource({"EXACT,UNIFORM", "SINKHORN,L2"})
  void afterAnErrorThatLosesTheDeviceEveryCallSaysSo(Solver solver, MarginalKind marginals) {
    failEach(fusion(solver, marginals), 0, LAUNCH_FAILURE, true);
  }

  @ParameterizedTest
  @CsvSource({"EXACT,UNIFORM", "SINKHORN,L2"})
  void afterMemoryThatCouldNotBeHadTheEngineWorksOn(Solver solver, MarginalKind marginals) {
    failEach(fusion(solver, marginals), 0, MEMORY, false);
  }

  @ParameterizedTest
  @EnumSource
  void everyOperationMayFailAtAnyCall(Operation operation) {
    int first = opening();
    failEach(batch(operation), first, INVALID_VALUE, false);
    failEach(batch(operation), first, LAUNCH_FAILURE, true);
    failEach(batch(operation), first, MEMORY, false);
  }

  /** Masses by importance, which no operation of a back end asks for by themselves. */
  private static void importance(WatchedDriver driver) {
    try (Engine engine = new Engine(driver.driver(), 0);
        Engine.Turn turn = engine.enter();
        Scratch scratch = new Scratch(engine)) {
      List<ImportanceBatch.Task> tasks = new ArrayList<>();
      for (MarginalKind kind : List.of(MarginalKind.L1, MarginalKind.L2)) {
        ImportanceBatch.Producer producer =
            new ImportanceBatch.Producer(scratch.floats(2 * 4 * 3), 2, 3, 4, 0);
        tasks.add(new ImportanceBatch.Task(List.of(producer), scratch.floats(4), 4, kind));
      }
      new ImportanceBatch(scratch, tasks).enqueue();
      engine.synchronize();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {INVALID_VALUE, MEMORY, LAUNCH_FAILURE})
  void importanceByItselfMayFailAtAnyCall(int error) {
    WatchedDriver sound = watch();
    importance(sound);
    for (int call = 0; call < sound.calls().size(); call++) {
      String what = "call %d, %s, fails".formatted(call, sound.calls().get(call));
      WatchedDriver driver = watch().failing(call, error, error == LAUNCH_FAILURE);
      try {
        importance(driver); // Closing reports nothing.
      } catch (DeviceException e) {
        assertNames(error, e, what);
      }
      assertEquals(0, Emulator.ote_live(), "left after " + what);
    }
  }

  @Test
  void anErrorSaysItsNameTheCallAndWhatToDo() {
    WatchedDriver driver = watch();
    try (Backend backend = open(driver)) {
      driver.failing(driver.calls().size() + 1, INVALID_VALUE, false);
      assertEquals(
          "CUDA failed with cudaErrorInvalidValue in cudaMallocFromPoolAsync; the engine can still"
              + " be used, and otfuse backends --selftest tells whether the GPU works.",
          assertThrows(DeviceException.class, () -> backend.allocate(1)).getMessage());
      backend.allocate(1).close();
      driver.failing(driver.calls().size() + 1, LAUNCH_FAILURE, true);
      assertEquals(
          "CUDA failed with cudaErrorLaunchFailure in cudaMallocFromPoolAsync and the GPU is lost"
              + " to this process: close the engine and start the process again.",
          assertThrows(DeviceException.class, () -> backend.allocate(1)).getMessage());
    }
  }

  @Test
  void missingMemorySaysHowMuchWasAskedForAndHowMuchIsFree() {
    try (Backend backend = open(watch())) {
      DeviceException e = assertThrows(DeviceException.class, () -> backend.allocate(1L << 40));
      assertTrue(
          e.getMessage()
              .matches(
                  "CUDA failed with cudaErrorMemoryAllocation in cudaMallocFromPoolAsync: 4\\.0 TiB"
                      + " asked for, \\d+\\.\\d [KMG]iB of \\d+\\.\\d [KMG]iB free on the GPU;"
                      + " close buffers, or fuse fewer or smaller models at a time\\."),
          e::getMessage);
      backend.allocate(1).close();
    }
  }

  private static long freeMemory() {
    long[] free = new long[1];
    assertEquals(Driver.OK, Emulator.ote_memory_info(free, new long[1]));
    return free[0];
  }

  private static long totalMemory() {
    long[] total = new long[1];
    assertEquals(Driver.OK, Emulator.ote_memory_info(new long[1], total));
    return total[0];
  }

  @Test
  void closingABackendReleasesWhatWasLeftOpen() {
    Backend backend = open(watch());
    CompiledFusion fusion =
        backend.compile(program(Solver.SINKHORN, MarginalKind.L2)).orElseThrow();
    DeviceBuffer buffer = backend.allocate(100);
    backend.allocate(100).close();
    assertTrue(Emulator.ote_live() > 0);
    assertTrue(freeMemory() < totalMemory());
    backend.close();
    assertEquals(0, Emulator.ote_live());
    assertEquals(totalMemory(), freeMemory());
    fusion.close();
    buffer.close();
    assertThrows(IllegalStateException.class, () -> backend.allocate(1));
  }
}
