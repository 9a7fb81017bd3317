package org.otfuse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.otfuse.spi.Backend;
import org.otfuse.spi.CompiledFusion;
import org.otfuse.testkit.Mlp;

/** What a flight recording tells of fusions, and that it costs nothing without one. */
class EventsTest {
  private static final Architecture ARCHITECTURE = Mlp.architecture(6, 9, 8, 3);
  private static final int CALLS = 20_000;

  @TempDir private Path folder;

  private List<RecordedEvent> recorded(Runnable work) throws IOException {
    Path file = folder.resolve("recording.jfr");
    try (Recording recording = new Recording()) {
      recording.start();
      work.run();
      recording.stop();
      recording.dump(file);
    }
    return RecordingFile.readAllEvents(file).stream()
        .filter(event -> event.getEventType().getName().startsWith("otfuse."))
        .toList();
  }

  private static List<RecordedEvent> of(List<RecordedEvent> events, String name) {
    return events.stream()
        .filter(event -> event.getEventType().getName().equals("otfuse." + name))
        .toList();
  }

  @Test
  void aRecordingTellsOfFusionsGroupsAndOperationsOfTheBackEnd() throws IOException {
    List<Model> models =
        List.of(Mlp.random("a", ARCHITECTURE, 1), Mlp.random("b", ARCHITECTURE, 2));
    FusionOptions options = FusionOptions.builder().solver(Solver.SINKHORN).anchor(1).build();
    try (FusionEngine engine = FusionEngine.open(BackendChoice.JAVA)) {
      List<FusionResult> results = new ArrayList<>();
      List<RecordedEvent> events = recorded(() -> results.add(engine.fuse(models, options)));
      FusionResult result = results.get(0);
      RecordedEvent fusion = of(events, "Fusion").get(0);
      assertEquals(1, of(events, "Fusion").size());
      assertEquals(2, fusion.getInt("models"));
      assertEquals(1, fusion.getInt("anchor"));
      assertEquals(ARCHITECTURE.groups().size(), fusion.getInt("groups"));
      assertEquals(6 * 9 + 9 + 9 * 8 + 8 + 8 * 3 + 3, fusion.getLong("parameters"));
      assertEquals("SINKHORN", fusion.getString("solver"));
      assertEquals("java", fusion.getString("backend"));
      assertTrue(fusion.getDuration().toNanos() > 0);
      List<RecordedEvent> groups = of(events, "GroupAlignment");
      assertEquals(result.groups().size(), groups.size());
      for (int g = 0; g < groups.size(); g++) {
        GroupReport report = result.groups().get(g);
        assertEquals(report.name(), groups.get(g).getString("group"));
        assertEquals(report.size(), groups.get(g).getInt("size"));
        assertEquals(report.solver(), groups.get(g).getString("solver"));
        assertEquals(report.transport().iterations(), groups.get(g).getInt("iterations"));
        assertEquals(report.transport().transportCost(), groups.get(g).getDouble("cost"));
        assertTrue(groups.get(g).getDuration().compareTo(fusion.getDuration()) <= 0);
      }
      List<String> operations =
          of(events, "BackendCall").stream().map(e -> e.getString("operation")).toList();
      assertTrue(
          operations.containsAll(List.of("upload", "features", "cost", "sinkhorn", "average")),
          operations.toString());
      assertEquals(result.model(), engine.fuse(models, options).model());
    }
  }

  private static FloatBuffer direct(int length) {
    return ByteBuffer.allocateDirect(Float.BYTES * length)
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer();
  }

  /** An engine whose programs do nothing. */
  private static FusionEngine idle() {
    CompiledFusion compiled =
        new CompiledFusion() {
          @Override
          public boolean run(List<FloatBuffer> models, FloatBuffer output) {
            return true;
          }

          @Override
          public void close() {}
        };
    Backend backend =
        (Backend)
            Proxy.newProxyInstance(
                Backend.class.getClassLoader(),
                new Class<?>[] {Backend.class},
                (proxy, method, arguments) ->
                    method.getName().equals("compile") ? Optional.of(compiled) : null);
    return new FusionEngine(new Backends.Opened(backend, List.of()));
  }

  @Test
  void aRecordingTellsOfCallsOfPlans() throws IOException {
    try (FusionEngine engine = idle();
        FusionPlan plan = engine.prepare(ARCHITECTURE, FusionOptions.DEFAULTS)) {
      FloatBuffer weights = direct(plan.length());
      FloatBuffer output = direct(plan.length());
      List<RecordedEvent> calls =
          recorded(
              () -> {
                plan.fuse(List.of(weights, weights), output);
                plan.fuse(List.of(weights, weights), output);
              });
      assertEquals(2, calls.size());
      for (RecordedEvent call : calls) {
        assertEquals("otfuse.PlanCall", call.getEventType().getName());
        assertEquals(2, call.getInt("models"));
        assertEquals(plan.length(), call.getInt("length"));
        assertTrue(call.getBoolean("compiled"));
      }
    }
  }

  @Test
  void plansMakeNoEventsWhereNobodyRecords() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (FusionEngine engine = idle();
        FusionPlan plan = engine.prepare(ARCHITECTURE, FusionOptions.DEFAULTS)) {
      List<FloatBuffer> weights = List.of(direct(plan.length()), direct(plan.length()));
      FloatBuffer output = direct(plan.length());
      for (int i = 0; i < CALLS; i++) {
        plan.fuse(weights, output);
      }
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < CALLS; i++) {
        plan.fuse(weights, output);
      }
      long bytes = (threads.getCurrentThreadAllocatedBytes() - before) / CALLS;
      assertTrue(bytes < 100, bytes + " bytes a call"); // two lambdas and no event
    }
  }
}
