package org.otfuse.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.otfuse.Architecture;
import org.otfuse.BackendChoice;
import org.otfuse.FusionAccumulator;
import org.otfuse.FusionEngine;
import org.otfuse.FusionOptions;
import org.otfuse.InvalidInputException;
import org.otfuse.Model;
import org.otfuse.ModelSource;
import org.otfuse.Operation;
import org.otfuse.Operation.Fact;
import org.otfuse.Progress;
import org.otfuse.SequentialArchitecture;

/** Which functions are the same, and who compares them. */
class FunctionDifferenceTest {
  private static final FusionOptions OPTIONS = FusionOptions.DEFAULTS;

  private static Operation operation(String label, String operator, Fact... facts) {
    List<Fact> all = new ArrayList<>(List.of(new Fact("", List.of(operator), operator)));
    all.addAll(List.of(facts));
    return new Operation(label, all);
  }

  private static Fact fact(String what, String... values) {
    return new Fact(what, List.of(values), List.of(values).toString());
  }

  private static Optional<String> difference(Operation found, Operation expected) {
    return FunctionDifference.first(List.of(found), List.of(expected));
  }

  @Test
  void theFirstFactThatDiffersIsNamedWithBothSides() {
    assertEquals(
        Optional.of("node a is Tanh, expected Relu as node b"),
        difference(operation("node a", "Tanh"), operation("node b", "Relu")));
    assertEquals(
        Optional.of("max of node a is [0.1], expected [6.0]"),
        difference(
            operation("node a", "Clip", fact("max", "0.1")),
            operation("node a", "Clip", fact("max", "6.0"))));
    assertEquals(
        Optional.of("max of node a is none, expected [6.0]"),
        difference(operation("node a", "Clip"), operation("node a", "Clip", fact("max", "6.0"))));
  }

  @Test
  void ofALongListOnlyTheValueThatDiffersIsShown() {
    List<String> zeros = Collections.nCopies(20, "0");
    List<String> other = new ArrayList<>(zeros);
    other.set(17, "5");
    assertEquals(
        Optional.of("value 17 of input 1 of node a is 5, expected 0"),
        difference(
            operation("node a", "Gather", new Fact("input 1", other, "[...]")),
            operation("node a", "Gather", new Fact("input 1", zeros, "[...]"))));
  }

  @Test
  void namesAndSizesThatAreOpenDoNotCount() {
    assertEquals(
        Optional.empty(),
        difference(
            operation("node a", "Reshape", fact("shape", "?", "4")),
            operation("node b", "Reshape", fact("shape", "8", "4"))));
    assertTrue(
        difference(
                operation("node a", "Reshape", fact("shape", "?", "4")),
                operation("node b", "Reshape", fact("shape", "8", "5")))
            .isPresent());
    assertEquals(
        Optional.empty(),
        FunctionDifference.first(List.of(), List.of(operation("node b", "Relu"))));
  }

  private static Model model(String operator) {
    Architecture plain = SequentialArchitecture.of(2).linear(3, false).linear(2, false).build();
    Architecture architecture =
        new Architecture(
            plain.tensors(),
            plain.groups(),
            plain.warnings(),
            List.of(operation("node between", operator)));
    FloatBuffer six = FloatBuffer.wrap(new float[] {1, 2, 3, 4, 5, 6});
    return new Model(operator + ".onnx", architecture, List.of(six, six.duplicate()));
  }

  @Test
  void everyWayIntoTheEngineRefusesAnotherFunction() {
    Model tanh = model("Tanh");
    Model relu = model("Relu");
    List<Model> both = List.of(relu, tanh);
    try (FusionEngine engine = FusionEngine.open(BackendChoice.JAVA)) {
      for (Executable way :
          List.<Executable>of(
              () -> engine.fuse(both, OPTIONS),
              () -> engine.align(tanh, relu, OPTIONS.alignment()),
              () -> engine.average(both, List.of(0.5, 0.5)),
              () -> engine.chooseAnchor(ModelSource.of(both), OPTIONS.alignment(), Progress.none()),
              () -> FusionAccumulator.of(relu).add(tanh, 0.5))) {
        String message = assertThrows(InvalidInputException.class, way).getMessage();
        assertTrue(message.contains("node between is "), message);
      }
    }
  }
}
