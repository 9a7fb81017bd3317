package org.otfuse.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.FloatBuffer;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.otfuse.Architecture;
import org.otfuse.BackendChoice;
import org.otfuse.FusionEngine;
import org.otfuse.FusionListener;
import org.otfuse.FusionOptions;
import org.otfuse.FusionPlan;
import org.otfuse.Metric;
import org.otfuse.Model;
import org.otfuse.ModelSource;
import org.otfuse.spi.Backend;
import org.otfuse.spi.BackendSettings;
import org.otfuse.spi.CostTask;
import org.otfuse.spi.DeviceBuffer;
import org.otfuse.spi.Matrix;
import org.otfuse.spi.Span;

/**
 * What must hold when engines, back ends and plans are closed while they work: calls end normally
 * or say that it is closed. Joined by a subclass of one line.
 */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
public abstract class CloseSuite {
  private static final int ROUNDS = 12;
  private static final int CALLERS = 4;

  /** How often a plan asks for its two models' buffers before it begins. */
  private static final int CHECKED = 4;

  private static final Architecture ARCHITECTURE = Mlp.architecture(12, 20, 9, 4);
  private static final List<Model> MODELS =
      List.of(
          Mlp.random("model-1", ARCHITECTURE, 1),
          Mlp.random("model-2", ARCHITECTURE, 2),
          Mlp.random("model-3", ARCHITECTURE, 3));

  private final BackendChoice choice;
  private final ExecutorService threads = Executors.newFixedThreadPool(CALLERS + 2);

  /** Runs the suite on the given back end. */
  protected CloseSuite(BackendChoice choice) {
    this.choice = choice;
  }

  @AfterEach
  void stop() {
    threads.shutdownNow();
  }

  private FusionEngine open() {
    return FusionEngine.open(choice, new BackendSettings(2));
  }

  private static FloatBuffer flat(Model model) {
    int length = model.tensors().stream().mapToInt(FloatBuffer::remaining).sum();
    FloatBuffer flat = Arena.direct(length);
    model.tensors().forEach(tensor -> flat.put(tensor.duplicate()));
    return flat.rewind();
  }

  /** Calls until something is closed; any other failure comes through. */
  private static int callUntilRefused(Runnable call, AtomicInteger calls) {
    try {
      for (int done = 0; ; done++) {
        call.run();
        calls.incrementAndGet();
      }
    } catch (IllegalStateException refused) {
      assertTrue(refused.getMessage().contains("closed"), refused::toString);
      return calls.get();
    }
  }

  /** Lets every caller begin before two threads close at once. */
  private void race(List<Runnable> callers, AutoCloseable closed) throws Exception {
    AtomicInteger calls = new AtomicInteger();
    List<Future<Integer>> results = new ArrayList<>();
    for (Runnable caller : callers) {
      results.add(threads.submit(() -> callUntilRefused(caller, calls)));
    }
    while (calls.get() < callers.size() && results.stream().noneMatch(Future::isDone)) {
      Thread.onSpinWait();
    }
    Callable<Integer> closing =
        () -> {
          closed.close();
          return 0;
        };
    results.add(threads.submit(closing));
    results.add(threads.submit(closing));
    for (Future<Integer> result : results) {
      result.get();
    }
  }

  @Test
  void fusionsThatRaceWithClosingEndNormallyOrSayThatTheEngineIsClosed() throws Exception {
    List<FloatBuffer> expected;
    try (FusionEngine engine = open()) {
      expected = engine.fuse(MODELS, FusionOptions.DEFAULTS).model().tensors();
    }
    for (int round = 0; round < ROUNDS; round++) {
      FusionEngine engine = open();
      Runnable fusing =
          () ->
              assertEquals(expected, engine.fuse(MODELS, FusionOptions.DEFAULTS).model().tensors());
      race(IntStream.range(0, CALLERS).mapToObj(t -> fusing).toList(), engine);
      assertEquals(
          "the engine is closed",
          assertThrows(IllegalStateException.class, engine::backend).getMessage());
    }
  }

  @Test
  void callsOfABackEndThatRaceWithClosingEndNormallyOrSayThatItIsClosed() throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      FusionEngine engine = open();
      Backend backend = engine.backend();
      race(
          IntStream.range(0, CALLERS).<Runnable>mapToObj(t -> () -> costs(backend)).toList(),
          engine);
    }
  }

  /** Equal rows are at distance 0. */
  private static void costs(Backend backend) {
    float[] found = new float[3 * 64];
    try (DeviceBuffer x = backend.upload(FloatBuffer.allocate(8 * 30));
        DeviceBuffer cost = backend.allocate(found.length)) {
      Matrix rows = Matrix.of(x, 8, 30);
      List<CostTask> tasks =
          IntStream.range(0, 3)
              .mapToObj(
                  k -> new CostTask(rows, rows, new Matrix(cost, 64L * k, 8, 8), Metric.EUCLIDEAN))
              .toList();
      backend.cost(tasks);
      backend.download(Span.of(cost), FloatBuffer.wrap(found));
      for (float value : found) {
        assertEquals(0f, value);
      }
    }
  }

  @Test
  void plansThatRaceWithTheClosingOfTheirEngineEndNormallyOrSaySo() throws Exception {
    List<FloatBuffer> models = MODELS.subList(0, 2).stream().map(CloseSuite::flat).toList();
    for (int round = 0; round < ROUNDS; round++) {
      FusionEngine engine = open();
      List<FusionPlan> plans = new ArrayList<>();
      List<Runnable> callers = new ArrayList<>();
      for (int t = 0; t < CALLERS; t++) {
        FusionPlan plan = engine.prepare(ARCHITECTURE, FusionOptions.DEFAULTS);
        FloatBuffer output = Arena.direct(plan.length());
        plans.add(plan);
        callers.add(() -> plan.fuse(models, output));
      }
      race(callers, engine);
      plans.forEach(FusionPlan::close);
      plans.forEach(FusionPlan::close);
    }
  }

  @Test
  void aPlanIsClosedBetweenItsCallsAndNeverDuringOne() throws Exception {
    List<FloatBuffer> models = MODELS.subList(0, 2).stream().map(CloseSuite::flat).toList();
    try (FusionEngine engine = open()) {
      for (int round = 0; round < ROUNDS; round++) {
        FusionPlan plan = engine.prepare(ARCHITECTURE, FusionOptions.DEFAULTS);
        FloatBuffer output = Arena.direct(plan.length());
        race(List.of(() -> plan.fuse(models, output)), () -> closeWhenIdle(plan));
      }
    }
  }

  private static void closeWhenIdle(FusionPlan plan) {
    while (true) {
      try {
        plan.close();
        return;
      } catch (IllegalStateException busy) {
        assertEquals(
            "the plan cannot be closed now: it is in use by another call", busy.getMessage());
      }
    }
  }

  @Test
  void anEngineThatIsClosedByItsOwnProgressEndsTheFusion() {
    FusionEngine engine = open();
    List<FloatBuffer> expected = engine.fuse(MODELS, FusionOptions.DEFAULTS).model().tensors();
    assertEquals(
        expected,
        engine
            .fuse(
                ModelSource.of(MODELS),
                FusionOptions.DEFAULTS,
                FusionListener.of((done, all) -> engine.close()))
            .model()
            .tensors());
    assertThrows(IllegalStateException.class, () -> engine.fuse(MODELS, FusionOptions.DEFAULTS));
  }

  /** Hands out what another list holds and closes an engine at one of the times it is asked. */
  private static List<FloatBuffer> closing(List<FloatBuffer> list, FusionEngine engine, int at) {
    AtomicInteger asked = new AtomicInteger();
    return new AbstractList<>() {
      @Override
      public FloatBuffer get(int index) {
        if (asked.incrementAndGet() == at) {
          engine.close();
        }
        return list.get(index);
      }

      @Override
      public int size() {
        return list.size();
      }
    };
  }

  /** Weights of ordinary size, and some so large that compiled plans leave them to the engine. */
  @Test
  void aCallOfAPlanEndsNormallyIfItsEngineIsClosedMeanwhile() {
    for (float factor : new float[] {1, 0x1p60f}) {
      List<FloatBuffer> models = MODELS.subList(0, 2).stream().map(CloseSuite::flat).toList();
      models.forEach(flat -> scale(flat, factor));
      FloatBuffer expected = Arena.direct(models.get(0).remaining());
      for (int at = 0; at < 12; at++) {
        FusionEngine engine = open();
        FusionPlan plan = engine.prepare(ARCHITECTURE, FusionOptions.DEFAULTS);
        FloatBuffer output = at == 0 ? expected : Arena.direct(plan.length());
        try {
          plan.fuse(closing(models, engine, at), output);
          assertEquals(expected, output);
        } catch (IllegalStateException closedBefore) {
          assertEquals("the engine is closed", closedBefore.getMessage());
          assertTrue(at <= CHECKED, "closed when asked for the " + at + "th time");
        }
        plan.close();
        engine.close();
      }
    }
  }

  private static void scale(FloatBuffer values, float factor) {
    for (int i = 0; i < values.limit(); i++) {
      values.put(i, factor * values.get(i));
    }
  }

  @Test
  void aPlanOutlivesItsEngineOnlyToBeClosed() {
    FusionEngine engine = open();
    FusionPlan plan = engine.prepare(ARCHITECTURE, FusionOptions.DEFAULTS);
    FloatBuffer output = Arena.direct(plan.length());
    engine.close();
    List<FloatBuffer> models = List.of(flat(MODELS.get(0)), flat(MODELS.get(1)));
    for (int call = 0; call < 2; call++) {
      assertEquals(
          "the engine is closed",
          assertThrows(IllegalStateException.class, () -> plan.fuse(models, output)).getMessage());
    }
    plan.close();
    assertThrows(
        IllegalStateException.class, () -> engine.prepare(ARCHITECTURE, FusionOptions.DEFAULTS));
  }
}
