package org.otfuse.nd4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import org.otfuse.BackendChoice;
import org.otfuse.spi.Backend;
import org.otfuse.spi.BackendProvider;
import org.otfuse.spi.BackendSettings;
import org.otfuse.spi.DeviceBuffer;
import org.otfuse.spi.Span;
import org.otfuse.testkit.BackendSuite;

/** The ND4J back end in the suite of all back ends, and what only it has. */
class Nd4jBackendTest extends BackendSuite {
  Nd4jBackendTest() {
    super(new Nd4jBackendProvider());
  }

  @Test
  void theProviderIsFoundAsAService() {
    List<BackendChoice> choices =
        ServiceLoader.load(BackendProvider.class).stream()
            .map(provider -> provider.get().choice())
            .toList();
    assertTrue(choices.contains(BackendChoice.ND4J), choices::toString);
  }

  @Test
  void theBackendNamesItsLibrariesAndThreads() {
    assertTrue(
        backend().version().matches("ND4J [1-9][-.0-9M]*, OpenBLAS [0-9]+(\\.[0-9]+)+"),
        backend()::version);
    try (Backend one = new Nd4jBackendProvider().open(new BackendSettings(1))) {
      assertEquals("1 thread", one.device());
    }
    try (Backend three = new Nd4jBackendProvider().open(new BackendSettings(3))) {
      assertEquals("3 threads", three.device());
    }
  }

  @Test
  void aMissingNativeLibraryIsExplainedInOneSentence() {
    Throwable failure =
        new ExceptionInInitializerError(
            new UnsatisfiedLinkError("no jnind4jcpu in java.library.path\nsecond line"));
    assertEquals(
        "ND4J's native code cannot be loaded here (UnsatisfiedLinkError: no jnind4jcpu in"
            + " java.library.path), expected nd4j-native, javacpp and openblas for this platform"
            + " on the class path.",
        Nd4jBackendProvider.reason(failure));
  }

  @Test
  void aDirectHostBufferIsUsedInPlaceAndNeverWritten() {
    FloatBuffer host =
        ByteBuffer.allocateDirect(8).order(ByteOrder.nativeOrder()).asFloatBuffer().put(0, 1f);
    try (DeviceBuffer buffer = backend().upload(host)) {
      Span span = Span.of(buffer);
      FloatBuffer values = FloatBuffer.wrap(new float[] {5, 6});
      assertThrows(IllegalArgumentException.class, () -> backend().write(values, span));
    }
    assertEquals(1f, host.get(0));
  }

  @Test
  void aBufferThatIsClosedInUseLivesUntilTheUseEnds() {
    try (ArrayPool pool = new ArrayPool()) {
      Nd4jBuffer buffer = Nd4jBuffer.allocate(this, pool, 2);
      var memory = buffer.acquire();
      buffer.close();
      assertNotEquals(memory, pool.take(2).data().pointer());
      memory.put(1, 7f);
      assertEquals(7f, memory.get(1));
      assertThrows(IllegalStateException.class, buffer::acquire);
      buffer.release();
      assertEquals(memory, pool.take(2).data().pointer());
    }
  }

  @Test
  void aClosedBackendRefusesWork() {
    Backend backend = new Nd4jBackendProvider().open(BackendSettings.DEFAULTS);
    backend.close();
    assertThrows(IllegalStateException.class, () -> backend.allocate(1));
    assertThrows(IllegalStateException.class, () -> backend.cost(List.of()));
  }
}
