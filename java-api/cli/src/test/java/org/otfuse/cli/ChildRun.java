package org.otfuse.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A command that was run in a process of its own: its exit status and what it printed. */
record ChildRun(int status, String out, String err) {
  /**
   * A process that has not been started.
   *
   * @param options of the JVM
   * @param words of the command line
   */
  static ProcessBuilder process(List<String> options, Object... words) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto"));
    command.addAll(options);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    for (Object word : words) {
      command.add(word.toString());
    }
    return new ProcessBuilder(command);
  }

  /** Runs a command to its end. */
  static ChildRun of(List<String> options, Object... words)
      throws IOException, InterruptedException {
    return of(process(options, words));
  }

  /** Runs a process to its end. */
  static ChildRun of(ProcessBuilder builder) throws IOException, InterruptedException {
    Path out = Files.createTempFile("otfuse-out", ".txt");
    Path err = Files.createTempFile("otfuse-err", ".txt");
    try {
      int status =
          builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start().waitFor();
      return new ChildRun(status, Files.readString(out), Files.readString(err));
    } finally {
      Files.delete(out);
      Files.delete(err);
    }
  }
}
