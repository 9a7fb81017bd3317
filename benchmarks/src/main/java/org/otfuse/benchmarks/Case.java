package org.otfuse.benchmarks;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * One benchmark with one choice of parameters, back end not among them.
 *
 * @param benchmark class and method, for example {@code CostSuite.cost}
 * @param parameters values by name, in the order in which they are shown
 */
record Case(String benchmark, Map<String, String> parameters) {
  private static final String TRANSFER = "transfer";
  private static final List<String> NUMBERS = List.of("n", "d", "millions", "models", "batch");
  private static final List<String> ORDER =
      List.of(
          "network",
          "contents",
          "features",
          "solver",
          "map",
          "kind",
          "n",
          "d",
          "millions",
          "models",
          "batch",
          TRANSFER);
  private static final String FILES = "FileSuite";
  private static final String LIMITS = "LimitsSuite";

  /** Makes a case of names and values in turn. */
  static Case of(String benchmark, Object... namesAndValues) {
    Map<String, String> parameters = new LinkedHashMap<>();
    for (int k = 0; k < namesAndValues.length; k += 2) {
      parameters.put(String.valueOf(namesAndValues[k]), String.valueOf(namesAndValues[k + 1]));
    }
    return new Case(benchmark, parameters);
  }

  /** The class alone. */
  String suite() {
    return benchmark.substring(0, benchmark.indexOf('.'));
  }

  /** Whether there is one run for each back end. */
  boolean hasBackend() {
    return !suite().equals(FILES);
  }

  /** Whether only back ends run it that can measure limits. */
  boolean measuresLimits() {
    return suite().equals(LIMITS);
  }

  /**
   * For people, for example {@code cost n=512 d=576 batch=1} or {@code fusion mlp weights exact}.
   */
  @Override
  public String toString() {
    String suite = suite().replace("Suite", "").toLowerCase(Locale.ROOT);
    String name = suite.equals("file") ? "file " + method() : suite;
    return (name + " " + described(parameters)).strip();
  }

  private String method() {
    return benchmark.substring(benchmark.indexOf('.') + 1);
  }

  /** Parameters in the usual order, choices by their value alone. */
  static String described(Map<String, String> parameters) {
    List<String> names = new ArrayList<>(parameters.keySet());
    names.sort(Comparator.comparingInt(name -> Math.floorMod(ORDER.indexOf(name), 100)));
    List<String> parts = new ArrayList<>();
    for (String name : names) {
      String value = parameters.get(name).toLowerCase(Locale.ROOT);
      parts.add(
          name.equals(TRANSFER)
              ? "transfer " + value
              : NUMBERS.contains(name) ? name + "=" + value : value);
    }
    return String.join(" ", parts);
  }
}
