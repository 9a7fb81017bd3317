package org.otfuse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.otfuse.spi.BackendSettings;
import org.otfuse.testkit.Mlp;

/** How many threads engines have, and until when. */
class ThreadsTest {
  /** Prints the number of threads of an engine without settings. */
  public static final class Count {
    private Count() {}

    public static void main(String[] arguments) {
      System.out.print(BackendSettings.DEFAULTS.threads());
    }
  }

  @Test
  void enginesHaveOneThreadForEachProcessorThatTheJvmMayUse() throws Exception {
    for (int processors : new int[] {1, 3}) {
      Process process =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-XX:ActiveProcessorCount=" + processors,
                  "-cp",
                  System.getProperty("java.class.path"),
                  Count.class.getName())
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertEquals(0, process.waitFor());
      assertEquals(String.valueOf(processors), printed);
    }
  }

  @Test
  void noThreadOutlivesItsEngine() throws InterruptedException {
    Set<Thread> before = new HashSet<>(Thread.getAllStackTraces().keySet());
    FusionEngine engine = FusionEngine.open(BackendChoice.JAVA, new BackendSettings(3));
    Architecture architecture = Mlp.architecture(40, 60, 50, 30, 3);
    List<Model> models =
        List.of(Mlp.random("a", architecture, 1), Mlp.random("b", architecture, 2));
    engine.fuse(models, FusionOptions.DEFAULTS);
    Set<Thread> own = new HashSet<>(Thread.getAllStackTraces().keySet());
    own.removeAll(before);
    assertFalse(own.isEmpty());
    engine.close();
    for (Thread thread : own) {
      thread.join(60_000);
      assertFalse(thread.isAlive(), thread.getName());
    }
  }
}
