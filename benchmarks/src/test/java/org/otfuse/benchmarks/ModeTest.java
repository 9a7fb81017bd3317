package org.otfuse.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

class ModeTest {
  private static final Set<String> SUITES =
      Set.of(
          "LimitsSuite",
          "CostSuite",
          "SinkhornSuite",
          "AssignmentSuite",
          "AverageSuite",
          "FusionSuite",
          "PlanSuite",
          "FileSuite");

  /** JMH would run a case with a misspelt parameter at the default. */
  @Test
  void everyCaseNamesABenchmarkAndItsParameters() throws ReflectiveOperationException {
    for (Mode mode : new Mode[] {Mode.quick(), Mode.full(), Mode.gpu()}) {
      for (Case what : mode.cases()) {
        Class<?> suite = Class.forName("org.otfuse.benchmarks." + what.suite());
        String method = what.benchmark().substring(what.suite().length() + 1);
        assertTrue(
            Stream.of(suite.getMethods())
                .anyMatch(
                    m -> m.getName().equals(method) && m.isAnnotationPresent(Benchmark.class)),
            what.toString());
        for (var parameter : what.parameters().entrySet()) {
          Class<?> type = suite.getField(parameter.getKey()).getType();
          assertTrue(suite.getField(parameter.getKey()).isAnnotationPresent(Param.class));
          if (type.isEnum()) {
            assertTrue(
                Stream.of(type.getEnumConstants())
                    .anyMatch(value -> value.toString().equals(parameter.getValue())),
                what.toString());
          } else {
            Integer.parseInt(parameter.getValue());
          }
        }
      }
    }
  }

  @Test
  void quickAndFullHaveEverySuite() {
    for (Mode mode : new Mode[] {Mode.quick(), Mode.full()}) {
      assertEquals(SUITES, mode.cases().stream().map(Case::suite).collect(Collectors.toSet()));
    }
  }
}
