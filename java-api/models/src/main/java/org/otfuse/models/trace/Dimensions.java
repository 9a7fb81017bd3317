package org.otfuse.models.trace;

import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto.Dimension;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.otfuse.Operation;

/**
 * Sizes of the axes that a file declares. A size that it leaves open, such as the batch, is given a
 * large prime of its own, so that shape arithmetic works as with any number and a reshape can tell
 * where the axis has gone.
 */
final class Dimensions {
  private static final long FIRST = 1_000_003;
  private static final long OTHERS = 10_007;

  /** How many times smaller an axis may become on its way through a network. */
  private static final long MOST_SHRUNK = 64;

  private final TracingBudget budget;
  private final Map<String, Long> named = new HashMap<>();
  private final Set<Long> stated = new HashSet<>();
  private final List<Long> open = new ArrayList<>();
  private long last;

  Dimensions(TracingBudget budget) {
    this.budget = budget;
  }

  /** The sizes of a value, or empty if the file does not say how many axes it has. */
  Optional<List<Long>> of(ValueInfoProto info) {
    if (!info.getType().getTensorType().hasShape()) {
      return Optional.empty();
    }
    TensorShapeProto shape = info.getType().getTensorType().getShape();
    List<Long> sizes = new ArrayList<>();
    for (Dimension dimension : shape.getDimList()) {
      if (dimension.hasDimValue() && dimension.getDimValue() > 0) {
        sizes.add(dimension.getDimValue());
        state(dimension.getDimValue());
      } else if (dimension.hasDimParam() && !dimension.getDimParam().isEmpty()) {
        sizes.add(named.computeIfAbsent(dimension.getDimParam(), name -> next()));
      } else {
        sizes.add(next());
      }
    }
    return Optional.of(sizes);
  }

  /** A size that stands for one that is not known. */
  long next() {
    long candidate = last == 0 ? FIRST : last == FIRST ? OTHERS : last + 2;
    while (!isPrime(candidate)) {
      candidate += 2;
    }
    last = candidate;
    open.add(candidate);
    return candidate;
  }

  /** Whether a size is one that the file leaves open, or a multiple of such a one. */
  boolean isOpen(long size) {
    return size > 0 && open.stream().anyMatch(prime -> size % prime == 0);
  }

  /** Notes a size that the file gives. */
  void state(long size) {
    stated.add(size);
  }

  /**
   * A size as messages show it: never one that was made up here. What pooling, slices and splits
   * make of such a size is smaller than it and no multiple, so of sizes that the file does not give
   * only those are shown that are much smaller than any of these.
   */
  String words(long size) {
    boolean derived =
        !stated.contains(size) && open.stream().anyMatch(prime -> size >= prime / MOST_SHRUNK);
    return derived || isOpen(size) ? Operation.ANY : Long.toString(size);
  }

  /** A shape as messages show it. */
  List<String> words(List<Long> sizes) {
    return sizes.stream().map(this::words).toList();
  }

  private boolean isPrime(long odd) {
    budget.look((long) Math.sqrt(odd));
    for (long d = 3; d * d <= odd; d += 2) {
      if (odd % d == 0) {
        return false;
      }
    }
    return true;
  }
}
