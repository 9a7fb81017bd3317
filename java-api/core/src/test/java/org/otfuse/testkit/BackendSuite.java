package org.otfuse.testkit;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.otfuse.spi.Backend;
import org.otfuse.spi.BackendProvider;
import org.otfuse.spi.BackendSettings;

/**
 * What every back end must pass. A module joins with a class that extends this one and hands its
 * provider to the constructor. The back end is opened once, and twice more with other numbers of
 * threads; if it cannot be opened the class fails.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class BackendSuite
    implements BufferChecks,
        OverlapChecks,
        FeatureChecks,
        CostChecks,
        CostRangeChecks,
        SinkhornChecks,
        UnbalancedChecks,
        AnnealingChecks,
        AssignmentChecks,
        TransportChecks,
        SolverInputChecks,
        MapChecks,
        AverageChecks {
  private static final List<Integer> OTHER_THREADS = List.of(1, 5);

  private final BackendProvider provider;
  private final List<Backend> opened = new ArrayList<>();

  /**
   * Creates the suite.
   *
   * @param provider opens the back end under test
   */
  protected BackendSuite(BackendProvider provider) {
    this.provider = provider;
  }

  @BeforeAll
  final void open() {
    opened.add(provider.open(BackendSettings.DEFAULTS));
    for (int threads : OTHER_THREADS) {
      opened.add(provider.open(new BackendSettings(threads)));
    }
  }

  @AfterAll
  final void close() {
    opened.forEach(Backend::close);
  }

  @Override
  public final Backend backend() {
    return opened.get(0);
  }

  @Override
  public final List<Backend> withOtherThreads() {
    return opened.subList(1, opened.size());
  }
}
