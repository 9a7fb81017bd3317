package org.otfuse;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.otfuse.engine.SelfTest;
import org.otfuse.spi.Backend;
import org.otfuse.spi.BackendProvider;
import org.otfuse.spi.BackendSettings;

/**
 * Finds and opens back ends. A back end counts as usable when it opens and its {@linkplain SelfTest
 * self-test} passes. Thread-safe.
 */
public final class Backends {
  /** The order of automatic choice, fastest first. */
  static final List<BackendChoice> ORDER =
      List.of(BackendChoice.CUDA, BackendChoice.NATIVE, BackendChoice.ND4J, BackendChoice.JAVA);

  private static final AtomicBoolean WARNED = new AtomicBoolean();

  private Backends() {}

  /**
   * Tries every back end.
   *
   * @return one status a back end, in the order of automatic choice
   */
  public static List<BackendStatus> statuses() {
    List<BackendStatus> statuses = new ArrayList<>();
    for (BackendChoice choice : ORDER) {
      try (Backend backend = openTested(choice, BackendSettings.DEFAULTS)) {
        statuses.add(
            new BackendStatus(choice, Optional.empty(), backend.version(), backend.device()));
      } catch (BackendUnavailableException e) {
        statuses.add(skipped(choice, e));
      }
    }
    return statuses;
  }

  /** A back end and the better ones that could not be used. */
  record Opened(Backend backend, List<BackendStatus> skipped) {}

  /** Opens the chosen back end, or for AUTO the first that is usable. */
  static Opened open(BackendChoice choice, BackendSettings settings) {
    if (choice != BackendChoice.AUTO) {
      return new Opened(openTested(choice, settings), List.of());
    }
    List<BackendStatus> skipped = new ArrayList<>();
    for (BackendChoice candidate : ORDER) {
      try {
        Opened opened = new Opened(openTested(candidate, settings), List.copyOf(skipped));
        if (candidate == BackendChoice.JAVA) {
          warnOnce(skipped);
        }
        return opened;
      } catch (BackendUnavailableException e) {
        skipped.add(skipped(candidate, e));
      }
    }
    throw new BackendUnavailableException(
        "No back end can be used: "
            + String.join(" ", skipped.stream().map(s -> s.problem().orElseThrow()).toList()));
  }

  private static void warnOnce(List<BackendStatus> skipped) {
    if (WARNED.compareAndSet(false, true)) {
      System.getLogger("org.otfuse").log(System.Logger.Level.WARNING, onPlainJava(skipped));
    }
  }

  /** Why plain Java is what runs: everything works, only many times slower. */
  static String onPlainJava(List<BackendStatus> skipped) {
    return skipped.stream()
        .map(s -> s.choice().label() + ": " + s.problem().orElseThrow())
        .collect(Collectors.joining(" ", "otfuse runs on plain Java, the slowest back end. ", ""));
  }

  private static BackendStatus skipped(BackendChoice choice, BackendUnavailableException e) {
    return new BackendStatus(choice, Optional.of(e.getMessage()), "", "");
  }

  private static Backend openTested(BackendChoice choice, BackendSettings settings) {
    Backend backend = provider(choice).open(settings);
    try {
      SelfTest.run(backend);
      return backend;
    } catch (Error e) {
      backend.close();
      throw e;
    } catch (RuntimeException e) {
      backend.close();
      if (e instanceof SelfTestException wrong) {
        throw wrong;
      }
      throw new SelfTestException(
          "The %s back end failed its self-test: %s".formatted(choice.label(), e.getMessage()), e);
    }
  }

  private static BackendProvider provider(BackendChoice choice) {
    try {
      for (BackendProvider provider : ServiceLoader.load(BackendProvider.class)) {
        if (provider.choice() == choice) {
          return provider;
        }
      }
    } catch (ServiceConfigurationError e) {
      throw new BackendUnavailableException(
          "The back ends on the class path cannot be read: " + e.getMessage() + ".", e);
    }
    throw new BackendUnavailableException(
        "The %s back end is not on the class path; add the artifact otfuse-%s."
            .formatted(choice.label(), choice.label()));
  }
}
