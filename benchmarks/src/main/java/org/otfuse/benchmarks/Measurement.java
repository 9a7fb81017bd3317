package org.otfuse.benchmarks;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;

/** What JMH found out about one case on one back end, over all JVMs that ran it. */
final class Measurement {
  /** JMH's name of its throughput mode, the only one in which more is better. */
  private static final String THROUGHPUT = "thrpt";

  private final String mode;
  private final String unit;
  private final List<double[]> forks = new ArrayList<>();
  private final Histogram durations = new Histogram();
  private final Map<String, List<Double>> counters = new LinkedHashMap<>();

  Measurement(String mode, String unit) {
    this.mode = mode;
    this.unit = unit;
  }

  /** Adds the values of one JVM's iterations. */
  void addFork(double[] values) {
    forks.add(values);
  }

  /** Adds the durations that one JVM sampled; its value is their median. */
  void addFork(Histogram sampled) {
    durations.addAll(sampled);
    addFork(new double[] {sampled.quantile(0.5)});
  }

  /** Adds a counter's value in one JVM. */
  void addCounter(String name, double value) {
    counters.computeIfAbsent(name, n -> new ArrayList<>()).add(value);
  }

  String unit() {
    return unit;
  }

  boolean isThroughput() {
    return mode.equals(THROUGHPUT);
  }

  int forks() {
    return forks.size();
  }

  Histogram durations() {
    return durations;
  }

  /** Independent values: a mean for each JVM, or the iterations of the only one. */
  double[] samples() {
    return forks.size() == 1
        ? forks.get(0)
        : forks.stream().mapToDouble(f -> Arrays.stream(f).average().orElseThrow()).toArray();
  }

  double mean() {
    return DoubleStream.of(samples()).average().orElseThrow();
  }

  /** A counter's mean over the JVMs; 0 where it was not counted. */
  double counter(String name) {
    return counters.getOrDefault(name, List.of()).stream()
        .mapToDouble(Double::doubleValue)
        .average()
        .orElse(0);
  }

  /** How many times as fast as the other. */
  Ratio speedUp(Measurement other) {
    return isThroughput()
        ? Ratio.of(samples(), other.samples())
        : Ratio.of(other.samples(), samples());
  }
}
