package org.otfuse.cli;

import java.util.Optional;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import org.otfuse.Progress;
import org.otfuse.models.file.TemporaryFolder;

/**
 * Progress bars on standard error while there is a terminal; the launcher says so by the system
 * property {@code otfuse.terminal}. Elsewhere nothing is shown.
 */
final class Bars implements AutoCloseable {
  private static final int UPDATE_MILLIS = 200;

  /** Where the terminal's native code is unpacked, which would stay if the process is killed. */
  private static final String UNPACKED = "jline.tmpdir";

  private final boolean shown = Boolean.getBoolean("otfuse.terminal");
  private ProgressBar bar;
  private Optional<TemporaryFolder> unpacked = Optional.empty();
  private String stage = "";

  /** A progress whose bar carries the given name; the bar before it is finished. */
  Progress stage(String name) {
    return shown ? (done, total) -> step(name, done, total) : Progress.none();
  }

  private void step(String name, int done, int total) {
    if (bar == null || !stage.equals(name)) {
      finish();
      stage = name;
      if (unpacked.isEmpty()) {
        unpacked = Optional.of(TemporaryFolder.create());
        System.setProperty(UNPACKED, unpacked.get().path().toString());
      }
      bar =
          new ProgressBarBuilder()
              .setTaskName(name)
              .setInitialMax(total)
              .setUpdateIntervalMillis(UPDATE_MILLIS)
              .setConsumer(new ConsoleProgressBarConsumer(System.err))
              .build();
    }
    bar.stepTo(done);
  }

  @Override
  public void close() {
    finish();
    unpacked.ifPresent(TemporaryFolder::close);
  }

  private void finish() {
    if (bar != null) {
      bar.close();
      bar = null;
    }
  }
}
