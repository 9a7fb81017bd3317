package org.otfuse.benchmarks;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import org.otfuse.BackendStatus;
import org.otfuse.Backends;

/** The back ends that work on this machine. */
final class UsableBackends {
  private UsableBackends() {}

  /** Labels, pure Java first; says in one sentence each why the others are skipped. */
  static List<String> find(PrintWriter out) {
    List<String> usable = new ArrayList<>();
    for (BackendStatus status : Backends.statuses()) {
      if (status.usable()) {
        usable.add(0, status.choice().label());
      } else {
        out.printf("Skipping %s: %s%n", status.choice().label(), status.problem().orElseThrow());
      }
    }
    return usable;
  }
}
