package org.otfuse.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** One case through JMH in a JVM of its own; the quick mode runs them all. */
class SmokeTest {
  static {
    System.setProperty("jmh.ignoreLock", "true");
  }

  private static final CaseRunner RUNNER = new CaseRunner(new Mode(List.of(), 1, 0, 1, 1));

  @Test
  void aCaseRunsOnTheBackEndAndCountsItsWork() {
    Case what = Case.of("CostSuite.cost", "n", 64, "d", 64, "batch", 2);
    JsonArray results =
        JsonParser.parseString(RUNNER.run(what, Optional.of("java"))).getAsJsonArray();
    assertEquals(1, results.size());
    JsonObject result = results.get(0).getAsJsonObject();
    double calls = result.getAsJsonObject("primaryMetric").get("score").getAsDouble();
    JsonObject counters = result.getAsJsonObject("secondaryMetrics");
    double flop = 1e9 * counters.getAsJsonObject("gigaflop").get("score").getAsDouble();
    assertEquals(2 * 2.0 * 64 * 64 * 64, flop / calls, 1);
    assertTrue(counters.has("gc.alloc.rate.norm"));
  }

  @Test
  void aFailureSaysWhy() {
    Case what = Case.of("CostSuite.cost", "n", 64, "d", 64);
    String message =
        assertThrows(WrongResultException.class, () -> RUNNER.run(what, Optional.of("typo")))
            .getMessage();
    assertTrue(message.contains("BackendChoice.TYPO"), message);
  }
}
