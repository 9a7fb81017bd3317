package org.otfuse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.otfuse.java.JavaBackendProvider;
import org.otfuse.spi.Backend;
import org.otfuse.spi.BackendSettings;
import org.otfuse.spi.DeviceBuffer;
import org.otfuse.spi.NeuronMap;
import org.otfuse.spi.Span;
import org.otfuse.testkit.Mlp;
import org.otfuse.testkit.Streamed;

/** Calls that are stopped free what they hold and leave engine and plan as they were. */
class CancellationTest {
  private static final Architecture ARCHITECTURE = Mlp.architecture(6, 9, 8, 7, 3);
  private static final List<Model> MODELS =
      List.of(
          Mlp.random("a", ARCHITECTURE, 1),
          Mlp.random("b", ARCHITECTURE, 2),
          Mlp.random("c", ARCHITECTURE, 3));
  private static final Activations SAMPLES =
      (group, producer) ->
          FloatBuffer.allocate(5 * ARCHITECTURE.groups().get(group).size()).put(group, 1);

  private final List<DeviceBuffer> made = new ArrayList<>();
  private final FusionEngine engine = new FusionEngine(new Backends.Opened(watched(), List.of()));

  @AfterEach
  void close() {
    engine.close();
  }

  /** The java back end, whose buffers are written down. */
  private Backend watched() {
    Backend backend = new JavaBackendProvider().open(BackendSettings.DEFAULTS);
    return (Backend)
        Proxy.newProxyInstance(
            Backend.class.getClassLoader(),
            new Class<?>[] {Backend.class},
            (proxy, method, arguments) -> {
              try {
                Object result = method.invoke(backend, arguments);
                if (result instanceof DeviceBuffer buffer) {
                  made.add(buffer);
                }
                return result;
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  private void assertAllAreFreed() {
    for (DeviceBuffer buffer : made) {
      FloatBuffer host = FloatBuffer.allocate((int) buffer.length());
      assertThrows(
          IllegalStateException.class, () -> engine.backend().download(Span.of(buffer), host));
    }
    made.clear();
  }

  /** Stops at a question. */
  private static final class Stop implements FusionListener {
    private final int at;
    private int asked;

    Stop(int at) {
      this.at = at;
    }

    @Override
    public boolean cancelled() {
      return asked++ == at;
    }
  }

  /** Stops a call at every question in turn; returns how many there are. */
  private int stopEverywhere(Function<FusionListener, Object> call) {
    Stop never = new Stop(-1);
    Object expected = call.apply(never);
    int asked = never.asked;
    for (int at = 0; at < asked; at++) {
      Stop stop = new Stop(at);
      assertEquals(
          "The call was stopped by its listener.",
          assertThrows(FusionCancelledException.class, () -> call.apply(stop)).getMessage());
      assertEquals(at + 1, stop.asked);
      assertAllAreFreed();
    }
    assertEquals(expected, call.apply(never));
    assertAllAreFreed();
    return asked;
  }

  private static List<FusionOptions> options() {
    return List.of(
        FusionOptions.DEFAULTS,
        FusionOptions.builder().solver(Solver.SINKHORN).sweeps(2).anchor(1).build(),
        FusionOptions.builder().residuals(ResidualPolicy.MEAN).anchor(Anchor.automatic()).build());
  }

  @Test
  void aFusionThatIsStoppedAtAnyQuestionFreesItsMemoryAndTheNextGivesTheSameBits() {
    for (FusionOptions options : options()) {
      assertStopsEverywhere(ModelSource.of(MODELS), options);
    }
    assertStopsEverywhere(Streamed.of(MODELS), FusionOptions.DEFAULTS);
    assertStopsEverywhere(
        ModelSource.of(MODELS, List.of(SAMPLES, SAMPLES, SAMPLES)), FusionOptions.DEFAULTS);
  }

  private void assertStopsEverywhere(ModelSource source, FusionOptions options) {
    int asked =
        stopEverywhere(listener -> engine.fuse(source, options, listener).model().tensors());
    assertTrue(asked >= MODELS.size() + 2 * ARCHITECTURE.groups().size(), asked + " questions");
  }

  @Test
  void theChoiceOfAnAnchorCanBeStoppedBetweenGroups() {
    int asked =
        stopEverywhere(
            listener ->
                engine.chooseAnchor(Streamed.of(MODELS), AlignmentOptions.DEFAULTS, listener));
    assertEquals(MODELS.size() * (1 + 2 * (1 + ARCHITECTURE.groups().size())), asked);
  }

  /** A listener that throws of its own is heard and leaves nothing behind either. */
  @Test
  void anExceptionOfAListenerFreesTheMemoryOfTheCall() {
    for (int at = 1; at <= MODELS.size(); at++) {
      int last = at;
      UnsupportedOperationException thrown = new UnsupportedOperationException();
      FusionListener listener =
          FusionListener.of(
              (done, total) -> {
                if (done == last) {
                  throw thrown;
                }
              });
      assertSame(
          thrown,
          assertThrows(
              UnsupportedOperationException.class,
              () -> engine.fuse(ModelSource.of(MODELS), FusionOptions.DEFAULTS, listener)));
      assertAllAreFreed();
    }
  }

  @Test
  void anInterruptedThreadStopsEveryCallAndStaysInterrupted() {
    FloatBuffer weights = direct(0);
    Model first = MODELS.get(0);
    List<NeuronMap> maps =
        ARCHITECTURE.groups().stream()
            .map(group -> (NeuronMap) new NeuronMap.Identity(group.size()))
            .toList();
    try (FusionPlan plan = engine.prepare(ARCHITECTURE, FusionOptions.DEFAULTS)) {
      FloatBuffer output = direct(7);
      for (Executable call :
          List.<Executable>of(
              () -> engine.fuse(MODELS, FusionOptions.DEFAULTS),
              () -> engine.align(first, MODELS.get(1), AlignmentOptions.DEFAULTS),
              () -> engine.average(MODELS, List.of(0.5, 0.25, 0.25)),
              () -> engine.carry(first, maps),
              () -> plan.fuse(List.of(weights, weights), output))) {
        Thread.currentThread().interrupt();
        assertEquals(
            "The call was stopped because its thread was interrupted.",
            assertThrows(FusionCancelledException.class, call).getMessage());
        assertTrue(Thread.interrupted());
        assertAllAreFreed();
      }
      assertEquals(direct(7), output);
      plan.fuse(List.of(weights, weights), output);
      assertEquals(direct(0), output);
    }
  }

  private static FloatBuffer direct(float value) {
    int length = ARCHITECTURE.tensors().stream().mapToInt(TensorLayout::length).sum();
    FloatBuffer buffer =
        ByteBuffer.allocateDirect(Float.BYTES * length)
            .order(ByteOrder.nativeOrder())
            .asFloatBuffer();
    for (int i = 0; i < length; i++) {
      buffer.put(i, value);
    }
    return buffer;
  }

  @Test
  void aPlanThatIsStoppedLeavesItsOutputAndRunsAgain() {
    FloatBuffer a = direct(1);
    FloatBuffer b = direct(2);
    try (FusionPlan plan = engine.prepare(ARCHITECTURE, FusionOptions.DEFAULTS)) {
      Stop never = new Stop(-1);
      FloatBuffer expected = direct(0);
      plan.fuse(List.of(a, b), expected, never);
      assertTrue(never.asked > ARCHITECTURE.groups().size(), never.asked + " questions");
      for (int at = 0; at < never.asked; at++) {
        FloatBuffer output = direct(7);
        Stop stop = new Stop(at);
        assertThrows(FusionCancelledException.class, () -> plan.fuse(List.of(a, b), output, stop));
        assertEquals(direct(7), output);
        assertAllAreFreed();
        plan.fuse(List.of(a, b), output);
        assertEquals(expected, output);
      }
    }
  }

  @Test
  void aDeadlineStopsOnceItIsOverAndLetsOtherListenersHear() {
    List<Integer> steps = new ArrayList<>();
    FusionListener counting = FusionListener.of((done, total) -> steps.add(done));
    FusionListener far = FusionListener.deadline(Duration.ofDays(200_000)).and(counting);
    engine.fuse(ModelSource.of(MODELS), FusionOptions.DEFAULTS, far);
    assertEquals(List.of(1, 2, 3), steps);
    for (Duration time : List.of(Duration.ZERO, Duration.ofMillis(-1))) {
      FusionListener over = counting.and(FusionListener.deadline(time));
      assertThrows(
          FusionCancelledException.class,
          () -> engine.fuse(ModelSource.of(MODELS), FusionOptions.DEFAULTS, over));
    }
  }
}
