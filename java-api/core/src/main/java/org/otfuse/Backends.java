package org.otfuse;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
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
        return new Opened(openTested(candidate, settings), List.copyOf(skipped));
      } catch (BackendUnavailableException e) {
        skipped.add(skipped(candidate, e));
      }
    }
    throw new BackendUnavailableException(
        "No back end can be used: "
            + String.join(" ", skipped.stream().map(s -> s.problem().orElseThrow()).toList()));
  }

  private static BackendStatus skipped(BackendChoice choice, BackendUnavailableException e) {
    return new BackendStatus(choice, Optional.of(e.getMessage()), "", "");
  }

  private static Backend openTested(BackendChoice choice, BackendSettings settings) {
    Backend backend = provider(choice).open(settings);
    try {
      SelfTest.run(backend);
      return backend;
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
