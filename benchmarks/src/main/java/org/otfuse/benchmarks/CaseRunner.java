package org.otfuse.benchmarks;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Optional;
import java.util.regex.Pattern;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.results.format.ResultFormatFactory;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Runs a case on a back end in a JVM of its own. */
final class CaseRunner {
  /** Heap for the largest case, and what the libraries underneath need on newer JDKs. */
  static final String[] JVM_ARGUMENTS = {
    "-XX:+IgnoreUnrecognizedVMOptions",
    "--sun-misc-unsafe-memory-access=allow",
    "-XX:MaxRAMPercentage=40",
    "-Djava.awt.headless=true"
  };

  private final Mode mode;

  CaseRunner(Mode mode) {
    this.mode = mode;
  }

  /**
   * Runs once.
   *
   * @return JMH's JSON array of the one result
   * @throws WrongResultException if the benchmark failed, with the reason
   */
  String run(Case what, Optional<String> backend) {
    ChainedOptionsBuilder options =
        new OptionsBuilder()
            .include(
                "^" + Pattern.quote(getClass().getPackageName() + "." + what.benchmark()) + "$")
            .forks(1)
            .warmupIterations(mode.warmUps())
            .warmupTime(TimeValue.milliseconds(mode.milliseconds()))
            .measurementIterations(mode.iterations())
            .measurementTime(TimeValue.milliseconds(mode.milliseconds()))
            .addProfiler(GCProfiler.class)
            .jvmArgsAppend(JVM_ARGUMENTS)
            .shouldFailOnError(true)
            .verbosity(VerboseMode.SILENT);
    if (what.measuresLimits()) {
      options.warmupIterations(1).measurementIterations(1);
    }
    what.parameters().forEach(options::param);
    backend.ifPresent(name -> options.param("backend", name));
    try {
      return json(new Runner(options.build()).run());
    } catch (RunnerException e) {
      throw new WrongResultException(reason(e));
    }
  }

  private static String json(Collection<RunResult> results) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (PrintStream out = new PrintStream(bytes, false, StandardCharsets.UTF_8)) {
      ResultFormatFactory.getInstance(ResultFormatType.JSON, out).writeOut(results);
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  /** What the benchmark threw, below what JMH threw on top of it. */
  private static String reason(Throwable e) {
    Throwable deepest = e;
    while (deepest.getCause() != null || deepest.getSuppressed().length > 0) {
      deepest =
          deepest.getSuppressed().length > 0 ? deepest.getSuppressed()[0] : deepest.getCause();
    }
    return String.valueOf(deepest.getMessage());
  }
}
