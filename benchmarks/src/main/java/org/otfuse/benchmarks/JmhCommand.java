package org.otfuse.benchmarks;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.openjdk.jmh.Main;

/** JMH's own command line, kept from trying back ends that cannot run here. */
final class JmhCommand {
  private JmhCommand() {}

  static void run(String[] arguments) throws IOException {
    boolean chosen = Arrays.stream(arguments).anyMatch(a -> a.contains("backend="));
    boolean asks = Arrays.stream(arguments).anyMatch(a -> a.matches("-(l|lp|lprof|lrf|h)"));
    if (!chosen && !asks) {
      PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
      arguments = with(arguments, "-p", "backend=" + String.join(",", UsableBackends.find(out)));
    }
    String forks = String.join(" ", CaseRunner.JVM_ARGUMENTS);
    Main.main(with(arguments, "-jvmArgsPrepend", forks));
  }

  private static String[] with(String[] arguments, String... more) {
    String[] all = Arrays.copyOf(arguments, arguments.length + more.length);
    System.arraycopy(more, 0, all, arguments.length, more.length);
    return all;
  }
}
