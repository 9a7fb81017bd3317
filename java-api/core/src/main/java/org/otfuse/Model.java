package org.otfuse;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.otfuse.check.FiniteDoor;
import org.otfuse.check.FunctionDifference;

/**
 * A trained network: an architecture and its weights. The weights are not copied; whoever made the
 * model must not change them while it is in use. Otherwise immutable and thread-safe.
 *
 * @param name for messages and reports, usually the file's name
 * @param architecture what the tensors are
 * @param tensors the values of each tensor of the architecture, row-major, heap or direct buffers
 *     in native byte order whose remaining floats are exactly the tensor
 */
public record Model(String name, Architecture architecture, List<FloatBuffer> tensors) {
  /** Checks the number and the length of the tensors. */
  public Model {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(architecture, "architecture");
    tensors = List.copyOf(Objects.requireNonNull(tensors, "tensors"));
    if (tensors.size() != architecture.tensors().size()) {
      throw new InvalidInputException(
          "model %s has %d tensors, expected %d as its architecture has"
              .formatted(name, tensors.size(), architecture.tensors().size()));
    }
    for (int t = 0; t < tensors.size(); t++) {
      TensorLayout layout = architecture.tensors().get(t);
      if (tensors.get(t).remaining() != layout.length()) {
        throw new InvalidInputException(
            "tensor %s of model %s has %d values, expected %d for shape %s"
                .formatted(
                    layout.name(),
                    name,
                    tensors.get(t).remaining(),
                    layout.length(),
                    layout.shape()));
      }
    }
  }

  /** Refuses tensors of other shapes than those of the named architecture, or another function. */
  void requireSame(Architecture expected, String of) {
    if (tensors.size() != expected.tensors().size()) {
      throw new InvalidInputException(
          "Model %s has %d tensors, expected %d as in %s."
              .formatted(name, tensors.size(), expected.tensors().size(), of));
    }
    for (int t = 0; t < tensors.size(); t++) {
      TensorLayout found = architecture.tensors().get(t);
      TensorLayout wanted = expected.tensors().get(t);
      if (!found.shape().equals(wanted.shape())) {
        throw new InvalidInputException(
            "Tensor %s of model %s has shape %s, expected %s as in %s."
                .formatted(found.name(), name, found.shape(), wanted.shape(), of));
      }
    }
    Optional<String> function =
        FunctionDifference.first(architecture.function(), expected.function());
    if (function.isPresent()) {
      throw new InvalidInputException(
          "Model %s does not compute what %s does: %s.".formatted(name, of, function.get()));
    }
  }

  /** Refuses NaN and infinity. */
  void requireFinite() {
    FiniteDoor.largest(this);
  }
}
