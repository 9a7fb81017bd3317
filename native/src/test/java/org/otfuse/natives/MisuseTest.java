package org.otfuse.natives;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.otfuse.BackendUnavailableException;
import org.otfuse.Metric;
import org.otfuse.spi.Backend;
import org.otfuse.spi.BackendSettings;
import org.otfuse.spi.CostTask;
import org.otfuse.spi.DeviceBuffer;
import org.otfuse.spi.Matrix;
import org.otfuse.spi.Span;

/** Wrong use of the native back end ends in an exception, never in a crash. */
@RequiresLibrary
class MisuseTest {
  private static Backend open() {
    return new NativeBackendProvider().open(new BackendSettings(2));
  }

  @Test
  void aBackendThatIsClosedRefusesEverythingAndItsBuffersCanStillBeClosed() {
    Backend backend = open();
    DeviceBuffer buffer = backend.allocate(4);
    backend.close();
    backend.close();
    assertThrows(IllegalStateException.class, () -> backend.allocate(1));
    assertThrows(IllegalStateException.class, () -> backend.upload(FloatBuffer.allocate(1)));
    assertThrows(IllegalStateException.class, () -> backend.upload(direct(1)));
    assertThrows(
        IllegalStateException.class,
        () -> backend.download(Span.of(buffer), FloatBuffer.allocate(4)));
    assertThrows(
        IllegalStateException.class, () -> backend.assign(List.of(Matrix.of(buffer, 2, 2))));
    assertThrows(IllegalStateException.class, backend::limits);
    buffer.close();
  }

  @Test
  void wrongSizesAndNullsAreRefused() {
    try (Backend backend = open();
        DeviceBuffer buffer = backend.allocate(6)) {
      assertThrows(
          IllegalArgumentException.class,
          () -> backend.download(Span.of(buffer), FloatBuffer.allocate(5)));
      assertThrows(
          IllegalArgumentException.class,
          () -> backend.write(FloatBuffer.allocate(7), Span.of(buffer)));
      assertThrows(
          IllegalArgumentException.class, () -> backend.assign(List.of(Matrix.of(buffer, 2, 3))));
      assertThrows(IllegalArgumentException.class, () -> backend.allocate(-1));
      assertThrows(NullPointerException.class, () -> backend.upload(null));
      assertThrows(NullPointerException.class, () -> backend.cost(null));
      assertThrows(NullPointerException.class, () -> backend.cost(Arrays.asList((CostTask) null)));
    }
  }

  @Test
  void aDirectBufferIsReadWhereItLiesAndNeverWritten() {
    FloatBuffer host = direct(2);
    try (Backend backend = open();
        DeviceBuffer buffer = backend.upload(host)) {
      host.put(0, 7f);
      float[] values = new float[2];
      backend.download(Span.of(buffer), FloatBuffer.wrap(values));
      assertEquals(7f, values[0]);
      assertThrows(
          IllegalArgumentException.class,
          () -> backend.write(FloatBuffer.allocate(2), Span.of(buffer)));
      assertEquals(7f, host.get(0));
    }
  }

  @Test
  void hostBuffersOfForeignOrderOrOddAddressAreCopied() {
    ByteOrder foreign =
        ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN
            ? ByteOrder.LITTLE_ENDIAN
            : ByteOrder.BIG_ENDIAN;
    FloatBuffer swapped = ByteBuffer.allocateDirect(8).order(foreign).asFloatBuffer();
    ByteBuffer odd = ByteBuffer.allocateDirect(9).position(1).slice();
    FloatBuffer unaligned = odd.order(ByteOrder.nativeOrder()).asFloatBuffer();
    try (Backend backend = open()) {
      for (FloatBuffer host : List.of(swapped, unaligned)) {
        host.put(0, new float[] {1, 2});
        float[] values = new float[2];
        try (DeviceBuffer buffer = backend.upload(host)) {
          backend.download(Span.of(buffer), FloatBuffer.wrap(values));
        }
        assertArrayEquals(new float[] {1, 2}, values);
      }
    }
  }

  @Test
  void buffersAndBackendsThatAreClosedDuringCallsOfManyThreadsDoNoHarm() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      for (int round = 0; round < 20; round++) {
        Backend backend = open();
        DeviceBuffer x = backend.upload(direct(64 * 300));
        DeviceBuffer y = backend.upload(FloatBuffer.allocate(64 * 300));
        List<Future<Integer>> results = new ArrayList<>();
        for (int t = 0; t < 4; t++) {
          results.add(threads.submit(() -> callUntilRefused(backend, x, y)));
        }
        TimeUnit.MILLISECONDS.sleep(round % 5);
        (round % 2 == 0 ? x : backend).close();
        for (Future<Integer> result : results) {
          assertTrue(result.get(60, TimeUnit.SECONDS) >= 0);
        }
        x.close();
        y.close();
        backend.close();
      }
    } finally {
      threads.shutdownNow();
    }
    assertTrue(threads.awaitTermination(10, TimeUnit.SECONDS));
  }

  /** Works until the back end or a buffer is closed; every cost of equal rows must be 0. */
  private static int callUntilRefused(Backend backend, DeviceBuffer x, DeviceBuffer y) {
    int calls = 0;
    float[] values = new float[64 * 64];
    try {
      while (true) {
        try (DeviceBuffer cost = backend.allocate(values.length)) {
          Matrix target = Matrix.of(cost, 64, 64);
          backend.cost(
              List.of(
                  new CostTask(
                      Matrix.of(x, 64, 300), Matrix.of(y, 64, 300), target, Metric.EUCLIDEAN)));
          backend.download(target.span(), FloatBuffer.wrap(values));
        }
        for (float value : values) {
          assertEquals(0f, value);
        }
        calls++;
      }
    } catch (IllegalStateException refused) {
      return calls;
    }
  }

  @Test
  void anExplicitLibraryPathIsObeyedOrFails() {
    open().close();
    System.setProperty(NativeLibrary.PATH_PROPERTY, "/no/such/library.so");
    try {
      BackendUnavailableException failure =
          assertThrows(BackendUnavailableException.class, MisuseTest::open);
      assertEquals(
          "otfuse.native.library is /no/such/library.so, expected the file of a native library.",
          failure.getMessage());
      System.setProperty(NativeLibrary.PATH_PROPERTY, System.getProperty("java.class.path"));
      assertThrows(BackendUnavailableException.class, MisuseTest::open);
    } finally {
      System.clearProperty(NativeLibrary.PATH_PROPERTY);
    }
    open().close();
  }

  @Test
  void everyCodePathOfThisProcessorCanBeForcedAndNoOther() {
    int forced = 0;
    for (String isa : List.of("scalar", "neon", "avx2", "avx512")) {
      try (Backend backend = NativeBackend.open(new BackendSettings(1), isa)) {
        assertTrue(backend.version().endsWith(", " + isa), backend::version);
        forced++;
      } catch (BackendUnavailableException e) {
        assertFalse(isa.equals("scalar"), e::getMessage);
      }
    }
    assertTrue(forced >= 1);
    BackendUnavailableException failure =
        assertThrows(
            BackendUnavailableException.class,
            () -> NativeBackend.open(new BackendSettings(1), "mmx"));
    assertTrue(failure.getMessage().contains("\"mmx\""), failure::getMessage);
  }

  private static FloatBuffer direct(int count) {
    return ByteBuffer.allocateDirect(count * Float.BYTES)
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer();
  }
}
