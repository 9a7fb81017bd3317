package org.otfuse.models.trace;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.otfuse.Architecture;
import org.otfuse.NeuronGroup;
import org.otfuse.TensorLayout;
import org.otfuse.TensorLayout.Segment;
import org.otfuse.models.GraphBuilder;
import org.otfuse.models.OnnxModel;
import org.otfuse.models.Runtime;

/**
 * Checks of the traces of small graphs. That ONNX Runtime gives the same outputs after a
 * permutation of the traced groups is the proof; the groups tell that they were not merely pinned.
 */
final class TraceChecks {
  private TraceChecks() {}

  /** Checks the function, and the sizes of the groups that may move. */
  static Architecture check(GraphBuilder builder, Integer... free) {
    OnnxModel model = builder.read();
    Architecture architecture = model.model().architecture();
    assertEquals(
        List.of(free),
        architecture.groups().stream()
            .filter(group -> group.pinned().isEmpty())
            .map(NeuronGroup::size)
            .toList(),
        architecture.groups()::toString);
    Runtime.assertPermutationKeepsFunction(model);
    return architecture;
  }

  static List<Segment> axis(Architecture architecture, String tensor, int axis) {
    return layout(architecture, tensor).slabs().get(0).axes().get(axis).segments();
  }

  static TensorLayout layout(Architecture architecture, String tensor) {
    return architecture.tensors().stream()
        .filter(layout -> layout.name().equals(tensor))
        .findFirst()
        .orElseThrow();
  }
}
