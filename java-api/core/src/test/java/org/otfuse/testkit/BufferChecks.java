package org.otfuse.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.otfuse.DeviceException;
import org.otfuse.Metric;
import org.otfuse.SinkhornSettings;
import org.otfuse.spi.AverageTask;
import org.otfuse.spi.AxisMap;
import org.otfuse.spi.CostTask;
import org.otfuse.spi.DeviceBuffer;
import org.otfuse.spi.ExactTask;
import org.otfuse.spi.FeatureTask;
import org.otfuse.spi.MapTask;
import org.otfuse.spi.Matrix;
import org.otfuse.spi.SinkhornTask;
import org.otfuse.spi.Span;

/** Buffers, and what all operations refuse. */
interface BufferChecks extends BackendChecks {
  /** A buffer that no back end made. */
  record ForeignBuffer(long length) implements DeviceBuffer {
    @Override
    public void close() {}
  }

  private float[] uploaded(FloatBuffer host) {
    int position = host.position();
    float[] values = new float[host.remaining()];
    try (DeviceBuffer buffer = backend().upload(host)) {
      assertEquals(values.length, buffer.length());
      backend().download(Span.of(buffer), FloatBuffer.wrap(values));
    }
    assertEquals(position, host.position());
    return values;
  }

  @Test
  default void anyKindOfHostBufferCanBeUploadedFromItsPosition() {
    float[] values = {1, 2, 3, 4, 5, 6, 7};
    FloatBuffer direct = Arena.direct(7).put(0, values);
    float[] middle = {3, 4, 5, 6};
    for (FloatBuffer host : List.of(FloatBuffer.wrap(values), direct)) {
      assertArrayEquals(values, uploaded(host.duplicate()));
      assertArrayEquals(values, uploaded(host.asReadOnlyBuffer()));
      FloatBuffer moved = host.duplicate().position(2).limit(6);
      assertArrayEquals(middle, uploaded(moved.duplicate()));
      assertArrayEquals(middle, uploaded(moved.slice()));
      assertArrayEquals(middle, uploaded(moved.asReadOnlyBuffer()));
      FloatBuffer slice = host.duplicate().position(1).slice().position(1).limit(5);
      assertArrayEquals(middle, uploaded(slice));
    }
  }

  @Test
  default void valuesCanBeWrittenAndReadInAnyPart() {
    FloatBuffer heap = FloatBuffer.wrap(new float[] {9, 9, 1, 2, 3, 9}).position(2).limit(5);
    FloatBuffer direct = Arena.direct(6).put(0, new float[] {9, 4, 5, 6, 9, 9});
    direct.position(1).limit(4);
    try (DeviceBuffer buffer = backend().allocate(8)) {
      assertEquals(8, buffer.length());
      backend().write(FloatBuffer.wrap(new float[8]), Span.of(buffer));
      backend().write(heap, new Span(buffer, 1, 3));
      backend().write(direct.asReadOnlyBuffer(), new Span(buffer, 4, 3));
      assertEquals(2, heap.position());
      assertEquals(1, direct.position());
      float[] result = new float[10];
      FloatBuffer room = FloatBuffer.wrap(result).position(1).limit(9);
      backend().download(Span.of(buffer), room);
      assertEquals(1, room.position());
      assertArrayEquals(new float[] {0, 0, 1, 2, 3, 4, 5, 6, 0, 0}, result);
      FloatBuffer directRoom = Arena.direct(4).position(1);
      backend().download(new Span(buffer, 3, 3), directRoom);
      assertEquals(1, directRoom.position());
      assertEquals(FloatBuffer.wrap(new float[] {3, 4, 5}), directRoom);
    }
  }

  @Test
  default void bufferOfNoLengthIsHarmless() {
    try (DeviceBuffer buffer = backend().allocate(0)) {
      assertEquals(0, buffer.length());
      backend().download(Span.of(buffer), FloatBuffer.allocate(0));
    }
    assertEquals(0, uploaded(FloatBuffer.allocate(0)).length);
  }

  @Test
  default void aClosedBufferIsRefusedAndCanBeClosedAgain() {
    DeviceBuffer allocated = backend().allocate(4);
    DeviceBuffer uploaded = backend().upload(FloatBuffer.allocate(4));
    for (DeviceBuffer buffer : List.of(allocated, uploaded)) {
      Span span = Span.of(buffer);
      Matrix matrix = Matrix.of(buffer, 2, 2);
      buffer.close();
      buffer.close();
      assertThrows(
          IllegalStateException.class, () -> backend().download(span, FloatBuffer.allocate(4)));
      assertThrows(
          IllegalStateException.class, () -> backend().write(FloatBuffer.allocate(4), span));
      assertThrows(IllegalStateException.class, () -> backend().assign(List.of(matrix)));
    }
  }

  @Test
  default void aBufferOfAnotherBackendIsRefused() {
    Span foreign = Span.of(new ForeignBuffer(1));
    try (DeviceBuffer own = backend().upload(FloatBuffer.wrap(new float[] {1, 1, 1, 1, 1, 1}))) {
      refused(() -> backend().write(FloatBuffer.allocate(1), foreign));
      refused(() -> backend().download(foreign, FloatBuffer.allocate(1)));
      for (int at = 0; at < 7; at++) {
        int place = at;
        refused(() -> backend().sinkhorn(List.of(sinkhorn(pick(own, foreign, place % 6)))));
        refused(() -> backend().transport(List.of(exact(pick(own, foreign, place % 4)))));
        refused(() -> backend().cost(List.of(cost(pick(own, foreign, place % 3)))));
        refused(() -> backend().maps(List.of(maps(pick(own, foreign, place % 3)))));
        refused(() -> backend().features(List.of(features(pick(own, foreign, place % 3)))));
        refused(() -> backend().average(List.of(average(pick(own, foreign, place % 2)))));
      }
      refused(() -> backend().assign(List.of(one(foreign))));
    }
  }

  @Test
  default void aHostBufferThatWasUploadedIsNeverWrittenTo() {
    for (FloatBuffer host : List.of(FloatBuffer.wrap(new float[] {7}), Arena.direct(1).put(0, 7))) {
      try (DeviceBuffer room = backend().allocate(6);
          DeviceBuffer uploaded = backend().upload(host)) {
        backend().write(FloatBuffer.wrap(new float[] {1, 1, 1, 1, 1, 1}), Span.of(room));
        Span target = Span.of(uploaded);
        List<Executable> calls =
            List.of(
                () -> backend().write(FloatBuffer.wrap(new float[] {3}), target),
                () -> backend().sinkhorn(List.of(sinkhorn(pick(room, target, 3)))),
                () -> backend().sinkhorn(List.of(sinkhorn(pick(room, target, 4)))),
                () -> backend().sinkhorn(List.of(sinkhorn(pick(room, target, 5)))),
                () -> backend().transport(List.of(exact(pick(room, target, 3)))),
                () -> backend().cost(List.of(cost(pick(room, target, 2)))),
                () -> backend().maps(List.of(maps(pick(room, target, 1)))),
                () -> backend().maps(List.of(maps(pick(room, target, 2)))),
                () -> backend().features(List.of(features(pick(room, target, 2)))),
                () -> backend().average(List.of(average(pick(room, target, 0)))));
        for (int call = 0; call < calls.size(); call++) {
          writesOrRefuses(calls.get(call));
          assertEquals(7, host.get(0), "the host's float after call " + call);
        }
      }
    }
  }

  /** A back end that copied a host buffer may write to its copy. */
  private static void writesOrRefuses(Executable call) {
    Throwable thrown = null;
    try {
      call.execute();
    } catch (Throwable e) {
      thrown = e;
    }
    assertTrue(thrown == null || thrown instanceof IllegalArgumentException, "threw " + thrown);
  }

  private static void refused(Executable call) {
    assertThrows(IllegalArgumentException.class, call);
  }

  /** Six spans apart from each other, of which one is foreign. */
  private static Span[] pick(DeviceBuffer own, Span foreign, int place) {
    Span[] spans = new Span[6];
    for (int i = 0; i < spans.length; i++) {
      spans[i] = i == place ? foreign : new Span(own, i, 1);
    }
    return spans;
  }

  private static Matrix one(Span span) {
    return new Matrix(span.buffer(), span.offset(), 1, 1);
  }

  private static SinkhornTask sinkhorn(Span[] s) {
    return new SinkhornTask(
        one(s[0]), s[1], s[2], one(s[3]), s[4], s[5], SinkhornSettings.DEFAULTS);
  }

  private static ExactTask exact(Span[] s) {
    return new ExactTask(one(s[0]), s[1], s[2], one(s[3]));
  }

  private static CostTask cost(Span[] s) {
    return new CostTask(one(s[0]), one(s[1]), one(s[2]), Metric.EUCLIDEAN);
  }

  private static MapTask maps(Span[] s) {
    return new MapTask(one(s[0]), one(s[1]), one(s[2]));
  }

  private static FeatureTask features(Span[] s) {
    List<AxisMap> axes = List.of(AxisMap.identity(1));
    return new FeatureTask(s[0], axes, 0, 0, Optional.of(s[1]), one(s[2]), 0);
  }

  private static AverageTask average(Span[] s) {
    return new AverageTask(
        s[0], List.of(new AverageTask.Source(s[1], 1, List.of(AxisMap.identity(1)))));
  }

  @Test
  default void memoryThatCannotBeHadIsRefusedAndTheBackendStaysUsable() {
    assertThrows(DeviceException.class, () -> backend().allocate(1L << 50));
    assertArrayEquals(new float[] {1, 2}, uploaded(FloatBuffer.wrap(new float[] {1, 2})));
  }

  @Test
  default void anEmptyBatchGivesNoResults() {
    backend().features(List.of());
    backend().cost(List.of());
    backend().maps(List.of());
    backend().average(List.of());
    assertEquals(List.of(), backend().sinkhorn(List.of()));
    assertEquals(List.of(), backend().assign(List.of()));
    assertEquals(List.of(), backend().transport(List.of()));
  }

  @Test
  default void theBackendSaysWhatItIs() {
    for (String text : List.of(backend().name(), backend().version(), backend().device())) {
      assertFalse(text.isBlank());
    }
  }

  @Test
  default void hostBuffersOfAnotherLengthAreRefused() {
    try (DeviceBuffer buffer = backend().allocate(4)) {
      for (int length : new int[] {0, 3, 5}) {
        FloatBuffer host = FloatBuffer.allocate(length);
        assertThrows(IllegalArgumentException.class, () -> backend().write(host, Span.of(buffer)));
        assertThrows(
            IllegalArgumentException.class, () -> backend().download(Span.of(buffer), host));
      }
    }
  }
}
