package org.otfuse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.otfuse.TensorLayout.Axis;
import org.otfuse.TensorLayout.Role;
import org.otfuse.TensorLayout.Segment;
import org.otfuse.TensorLayout.Slab;

/** Layouts and architectures that do not fit together are refused when they are made. */
class ArchitectureTest {
  /** A sound layer of four neurons that tests spoil. */
  private static final class Sketch {
    private String weightName = "weight";
    private String secondGroup = "other";
    private Segment rows = new Segment(0, 1, 4);
    private int weight;
    private int slab;
    private int outputAxis;
    private int firstRow;
    private OptionalInt bias = OptionalInt.of(1);
    private Producer.Normalization normalization = new Producer.Normalization(1, 1, 1, 1, 1e-5);
    private int firstParameter;

    Architecture architecture() {
      Axis output = new Axis(Role.OUTPUT, List.of(rows));
      List<TensorLayout> tensors = new ArrayList<>();
      tensors.add(
          new TensorLayout(
              weightName,
              List.of(output.size(), 3),
              List.of(new Slab(List.of(output, Axis.plain(3))))));
      tensors.add(TensorLayout.plain("bias", List.of(4)));
      Producer producer =
          new Producer(
              "layer",
              weight,
              slab,
              outputAxis,
              firstRow,
              bias,
              Optional.of(normalization),
              firstParameter,
              new Producer.Tap("layer", 1, 0));
      return new Architecture(
          tensors,
          List.of(
              new NeuronGroup("group", 4, Optional.empty(), List.of(producer)),
              new NeuronGroup(secondGroup, 1, Optional.empty(), List.of())),
          List.of());
    }
  }

  private static void refuses(Map<String, Consumer<Sketch>> cases) {
    cases.forEach(
        (message, spoil) -> {
          Sketch sketch = new Sketch();
          spoil.accept(sketch);
          assertEquals(
              message,
              assertThrows(IllegalArgumentException.class, sketch::architecture, message)
                  .getMessage());
        });
  }

  @Test
  void aSoundArchitectureIsAccepted() {
    assertEquals(2, new Sketch().architecture().tensors().size());
  }

  @Test
  void layersThatNameWhatIsNotThereAreRefused() {
    String layer = "layer layer of neuron group group names ";
    Map<String, Consumer<Sketch>> cases = new LinkedHashMap<>();
    cases.put(layer + "tensor 2, expected one of 2", s -> s.weight = 2);
    cases.put(layer + "tensor -1, expected one of 2", s -> s.weight = -1);
    cases.put(layer + "slab 1, expected one of 1", s -> s.slab = 1);
    cases.put(layer + "output axis 2, expected one of 2", s -> s.outputAxis = 2);
    cases.put(layer + "tensor 7, expected one of 2", s -> s.bias = OptionalInt.of(7));
    cases.put(
        layer + "tensor 9, expected one of 2",
        s -> s.normalization = new Producer.Normalization(1, 1, 1, 9, 1e-5));
    cases.put(
        "tensor weight names neuron group 2, expected one of 2",
        s -> s.rows = new Segment(2, 1, 4));
    refuses(cases);
  }

  @Test
  void sizesThatDisagreeAreRefused() {
    String layer = "layer layer has the 4 neurons of group group from ";
    Map<String, Consumer<Sketch>> cases = new LinkedHashMap<>();
    cases.put(layer + "row 1 of tensor 0 on, expected a part of 4", s -> s.firstRow = 1);
    cases.put(layer + "row -1 of tensor 0 on, expected a part of 4", s -> s.firstRow = -1);
    cases.put(layer + "row 0 of tensor 0 on, expected a part of 3", s -> s.outputAxis = 1);
    cases.put(
        layer + "value 2147483647 of tensor 1 on, expected a part of 4",
        s -> s.firstParameter = Integer.MAX_VALUE);
    cases.put(
        "tensor weight has 4 indices for neuron group group, expected 8 for its 4 neurons in"
            + " blocks of 2",
        s -> s.rows = new Segment(0, 2, 4));
    cases.put(
        "tensor weight has 0 indices for neuron group group, expected 4294967296 for its 4"
            + " neurons in blocks of 1073741824",
        s -> s.rows = new Segment(0, 1 << 30, 0));
    refuses(cases);
  }

  @Test
  void equalNamesAreRefused() {
    Map<String, Consumer<Sketch>> cases = new LinkedHashMap<>();
    cases.put("two tensors are named bias, expected different names", s -> s.weightName = "bias");
    cases.put(
        "two neuron groups are named group, expected different names",
        s -> s.secondGroup = "group");
    refuses(cases);
  }

  @Test
  void shapesThatCannotBeAreRefused() {
    int many = 1 << 30;
    Map<String, Supplier<Object>> cases = new LinkedHashMap<>();
    cases.put(
        "a segment has group -1, block 1 and size -3, expected at least -1, 1 and 0",
        () -> TensorLayout.plain("t", List.of(-3)));
    cases.put(
        "a slab has the shape [1073741824, 1073741824, 16], expected sizes of 0 or above and at"
            + " most 2147483647 values",
        () -> TensorLayout.plain("t", List.of(many, many, 16)));
    cases.put(
        "tensor t has the shape [-1], expected sizes of 0 or above and at most 2147483647 values",
        () -> new TensorLayout("t", List.of(-1), List.of()));
    cases.put(
        "an axis has 2147483648 indices, expected 2147483647 at most",
        () -> new Axis(Role.INPUT, List.of(Segment.plain(many), Segment.plain(many))));
    cases.put(
        "an axis has no segments, expected at least one", () -> new Axis(Role.INPUT, List.of()));
    cases.put(
        "tensor t has slabs that cover 0 rows, expected the shape [2]",
        () -> new TensorLayout("t", List.of(2), List.of()));
    cases.put(
        "tensor t has a slab of 1 axes, expected 2 as in the shape [2, 3]",
        () -> new TensorLayout("t", List.of(2, 3), List.of(new Slab(List.of(Axis.plain(2))))));
    cases.put(
        "tensor t has a slab that covers 4 indices of axis 1, expected 3 as in the shape [2, 3]",
        () ->
            new TensorLayout(
                "t", List.of(2, 3), List.of(new Slab(List.of(Axis.plain(2), Axis.plain(4))))));
    cases.put(
        "neuron group g has 0 neurons, expected 1 or more",
        () -> new NeuronGroup("g", 0, Optional.empty(), List.of()));
    cases.forEach(
        (message, make) ->
            assertEquals(
                message,
                assertThrows(IllegalArgumentException.class, make::get, message).getMessage()));
  }
}
