package org.otfuse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.otfuse.testkit.Mlp;
import org.otfuse.testkit.Streamed;

/**
 * Models that come one at a time take no more memory than two that are held at once. One model is
 * 32 MB; two models, their result and a batch of 16 MB on its way are 112 MB.
 */
@Tag("long")
class StreamMemoryTest {
  private static final int HEAP_MEGABYTES = 136;

  @TempDir private Path folder;

  /** The exit status of a process with that heap. */
  private int fuse(String how, int models) throws IOException, InterruptedException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx" + HEAP_MEGABYTES + "m",
            "-XX:+UseSerialGC",
            "-cp",
            System.getProperty("java.class.path"),
            StreamMemory.class.getName(),
            how,
            String.valueOf(models))
        .redirectErrorStream(true)
        .redirectOutput(folder.resolve(how + models).toFile())
        .start()
        .waitFor();
  }

  @Test
  void manyModelsAreStreamedInTheMemoryOfTwo() throws Exception {
    assertEquals(0, fuse("list", 2), () -> log("list2"));
    assertEquals(0, fuse("stream", 3), () -> log("stream3"));
    assertEquals(0, fuse("stream", 6), () -> log("stream6"));
    assertNotEquals(0, fuse("list", 6));
  }

  private String log(String name) {
    try {
      return Files.readString(folder.resolve(name));
    } catch (IOException e) {
      return e.toString();
    }
  }

  @Test
  void aStreamGivesTheBitsOfModelsThatAreHeldAtOnce() {
    Architecture architecture = Mlp.architecture(9, 14, 11, 3);
    try (FusionEngine engine = FusionEngine.open(BackendChoice.JAVA)) {
      List<Model> models =
          IntStream.range(0, 6).mapToObj(k -> Mlp.random("model-" + k, architecture, k)).toList();
      for (Solver solver : new Solver[] {Solver.EXACT, Solver.SINKHORN}) {
        FusionOptions options =
            FusionOptions.builder()
                .solver(solver)
                .anchor(2)
                .weights(0, 0.1, 0.2, 0.3, 0, 0.4)
                .build();
        assertEquals(
            engine.fuse(models, options).model().tensors(),
            engine.fuse(Streamed.of(models), options, FusionListener.none()).model().tensors());
      }
    }
  }
}
