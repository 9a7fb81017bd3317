package org.otfuse.models.onnx;

import java.nio.FloatBuffer;
import java.util.List;

/**
 * A float weight of a model file: an initializer or the value of a Constant node.
 *
 * @param name of the initializer, or of the Constant node's output
 * @param shape sizes of its axes
 * @param data row-major values
 * @param initializer index among the graph's initializers, or -1
 * @param node index of the Constant node, or -1
 */
public record Parameter(
    String name, List<Integer> shape, FloatBuffer data, int initializer, int node) {
  public Parameter withData(FloatBuffer values) {
    return new Parameter(name, shape, values, initializer, node);
  }
}
