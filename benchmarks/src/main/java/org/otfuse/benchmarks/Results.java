package org.otfuse.benchmarks;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.otfuse.InvalidInputException;

/**
 * The results of one file, several runs of the same thing taken together.
 *
 * @param label the file's name without its ending
 * @param cases by case, then by back end; the empty name where there is none
 */
record Results(String label, Map<Case, Map<String, Measurement>> cases) {
  private static final String ALLOCATION = "gc.alloc.rate.norm";
  private static final String BACKEND = "backend";

  /**
   * Reads JMH's JSON.
   *
   * @throws InvalidInputException if it is none or holds no results
   */
  static Results read(Path path) {
    JsonArray array = ResultsFile.read(path).results();
    if (array.isEmpty()) {
      throw new InvalidInputException(path + " holds no results, expected one at least");
    }
    String label = path.getFileName().toString().replaceFirst("\\.json$", "");
    Results results = new Results(label, new LinkedHashMap<>());
    for (int k = 0; k < array.size(); k++) {
      try {
        results.add(array.get(k).getAsJsonObject());
      } catch (IllegalStateException
          | NullPointerException
          | ClassCastException
          | NumberFormatException e) {
        throw new InvalidInputException(
            "entry %d of %s is no result as JMH 1.37 writes it".formatted(k, path), e);
      }
    }
    return results;
  }

  Optional<Measurement> of(Case what, String backend) {
    return Optional.ofNullable(cases.getOrDefault(what, Map.of()).get(backend));
  }

  private void add(JsonObject entry) {
    Map<String, String> parameters = new LinkedHashMap<>();
    String backend = "";
    if (entry.has("params")) {
      for (Map.Entry<String, JsonElement> p : entry.getAsJsonObject("params").entrySet()) {
        String value = p.getValue().getAsString();
        if (p.getKey().equals(BACKEND)) {
          backend = value;
        } else if (!value.equals(Transfer.RESIDENT.name())) {
          parameters.put(p.getKey(), value);
        }
      }
    }
    String[] name = entry.get("benchmark").getAsString().split("\\.");
    String benchmark = name[Math.max(0, name.length - 2)] + "." + name[name.length - 1];
    JsonObject primary = entry.getAsJsonObject("primaryMetric");
    Measurement measurement =
        cases
            .computeIfAbsent(new Case(benchmark, parameters), c -> new LinkedHashMap<>())
            .computeIfAbsent(
                backend,
                b ->
                    new Measurement(
                        entry.get("mode").getAsString(), primary.get("scoreUnit").getAsString()));
    addForks(primary, measurement);
    JsonObject secondary = entry.getAsJsonObject("secondaryMetrics");
    for (Map.Entry<String, JsonElement> metric : secondary.entrySet()) {
      JsonObject values = metric.getValue().getAsJsonObject();
      if (values.has("score")) {
        measurement.addCounter(metric.getKey(), number(values.get("score")));
      }
    }
  }

  private static void addForks(JsonObject primary, Measurement measurement) {
    if (primary.has("rawDataHistogram")) {
      for (JsonElement fork : primary.getAsJsonArray("rawDataHistogram")) {
        Histogram sampled = new Histogram();
        for (JsonElement iteration : fork.getAsJsonArray()) {
          for (JsonElement bin : iteration.getAsJsonArray()) {
            JsonArray pair = bin.getAsJsonArray();
            sampled.add(pair.get(0).getAsDouble(), pair.get(1).getAsLong());
          }
        }
        measurement.addFork(sampled);
      }
      return;
    }
    for (JsonElement fork : primary.getAsJsonArray("rawData")) {
      JsonArray iterations = fork.getAsJsonArray();
      double[] values = new double[iterations.size()];
      for (int k = 0; k < values.length; k++) {
        values[k] = iterations.get(k).getAsDouble();
      }
      measurement.addFork(values);
    }
  }

  /** JMH writes "NaN" as a string. */
  private static double number(JsonElement value) {
    return value.getAsJsonPrimitive().isString() ? Double.NaN : value.getAsDouble();
  }

  /** Bytes on the Java heap for each operation. */
  static double allocation(Measurement measurement) {
    return measurement.counter(ALLOCATION);
  }
}
