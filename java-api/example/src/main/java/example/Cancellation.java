package example;

import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.otfuse.FusionCancelledException;
import org.otfuse.FusionEngine;
import org.otfuse.FusionListener;
import org.otfuse.FusionOptions;
import org.otfuse.Model;
import org.otfuse.ModelSource;

/** Stops a fusion from outside, for a user who does not want to wait for its end. */
public class Cancellation implements FusionListener {
  private final AtomicBoolean stopped = new AtomicBoolean();

  /** Asks the fusion to stop; from any thread. */
  public void stop() {
    stopped.set(true);
  }

  @Override
  public boolean cancelled() {
    return stopped.get();
  }

  /** Fuses until it is told to stop, or to the end; whether it came to the end. */
  static boolean fuse(FusionEngine engine, List<Model> models, FusionListener listener) {
    try {
      engine.fuse(ModelSource.of(models), FusionOptions.DEFAULTS, listener);
      return true;
    } catch (FusionCancelledException e) {
      return false;
    }
  }

  /** Stops after the first of nineteen alignments. */
  public static void main(String[] arguments) {
    Cancellation cancellation =
        new Cancellation() {
          @Override
          public void step(int done, int total) {
            System.out.println("Step " + done + " of " + total + ".");
            stop();
          }
        };
    try (FusionEngine engine = FusionEngine.open()) {
      boolean finished = fuse(engine, TwentyClients.networks(), cancellation);
      System.out.println(finished ? "Fused." : "Stopped.");
    }
  }
}
