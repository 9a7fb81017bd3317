package org.otfuse.cli;

import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import org.otfuse.Progress;
import org.otfuse.models.OnnxFusionListener;
import org.otfuse.models.file.TemporaryFolder;

/**
 * Progress bars on standard error while there is a terminal; the launcher says so by the system
 * property {@code otfuse.terminal}. Elsewhere nothing is shown.
 */
final class Bars implements OnnxFusionListener, AutoCloseable {
  private static final int UPDATE_MILLIS = 200;

  /** Where the terminal's native code is unpacked, which would stay if the process is killed. */
  private static final String UNPACKED = "jline.tmpdir";

  private final CommandFiles files;
  private final boolean shown = Boolean.getBoolean("otfuse.terminal");
  private ProgressBar bar;
  private Optional<TemporaryFolder> unpacked = Optional.empty();
  private String stage = "";

  /** Bars of a command that reads no more than it was given. */
  Bars() {
    this(new CommandFiles());
  }

  /**
   * Bars of a command that writes files.
   *
   * @param files hear of the files beside the models that hold their data
   */
  Bars(CommandFiles files) {
    this.files = files;
  }

  @Override
  public void read(Path model, Set<Path> data) {
    data.forEach(file -> files.reads("data of the model " + model, file));
  }

  /** A progress whose bar carries the given name; the bar before it is finished. */
  Progress stage(String name) {
    return (done, total) -> step(name, done, total);
  }

  @Override
  public void step(String name, int done, int total) {
    if (!shown) {
      return;
    }
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
