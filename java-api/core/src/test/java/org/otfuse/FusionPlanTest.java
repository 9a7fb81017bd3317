package org.otfuse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.otfuse.spi.Backend;
import org.otfuse.spi.CompiledFusion;
import org.otfuse.testkit.Mlp;

class FusionPlanTest {
  /** A fusion that runs until it is told to end. */
  private static final class Waiting implements CompiledFusion {
    private final CountDownLatch running = new CountDownLatch(1);
    private final CountDownLatch end = new CountDownLatch(1);

    @Override
    public boolean run(List<FloatBuffer> models, FloatBuffer output) {
      running.countDown();
      try {
        end.await();
        return true;
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public void close() {}
  }

  private static Backend backend(CompiledFusion compiled) {
    return (Backend)
        Proxy.newProxyInstance(
            Backend.class.getClassLoader(),
            new Class<?>[] {Backend.class},
            (proxy, method, arguments) ->
                method.getName().equals("compile") ? Optional.of(compiled) : null);
  }

  @Test
  void aPlanInUseRefusesASecondCallAndClosing() throws InterruptedException {
    Waiting waiting = new Waiting();
    FusionEngine engine = new FusionEngine(new Backends.Opened(backend(waiting), List.of()));
    FusionPlan plan = engine.prepare(Mlp.architecture(2, 3, 1), FusionOptions.DEFAULTS);
    FloatBuffer buffer =
        ByteBuffer.allocateDirect(4 * plan.length()).order(ByteOrder.nativeOrder()).asFloatBuffer();
    Thread first = new Thread(() -> plan.fuse(List.of(buffer, buffer), buffer.duplicate()));
    first.start();
    waiting.running.await();
    assertEquals(
        "the plan cannot run now: it is in use by another call",
        assertThrows(
                IllegalStateException.class,
                () -> plan.fuse(List.of(buffer, buffer), buffer.duplicate()))
            .getMessage());
    assertEquals(
        "the plan cannot be closed now: it is in use by another call",
        assertThrows(IllegalStateException.class, plan::close).getMessage());
    waiting.end.countDown();
    first.join();
    plan.close();
  }
}
