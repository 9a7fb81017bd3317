package org.otfuse.models.trace;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.LongBinaryOperator;
import java.util.stream.LongStream;
import org.otfuse.models.file.Limits;
import org.otfuse.models.trace.Value.Activation;
import org.otfuse.models.trace.Value.Integers;
import org.otfuse.models.trace.Value.Weight;

/** Computes the integers that exporters build shapes from: scalars and vectors. */
final class ShapeArithmetic {
  private static final int FLOAT = 1;
  private static final int FLOAT16 = 10;
  private static final int DOUBLE = 11;

  private final OperatorNode node;
  private final List<Integers> inputs;

  private ShapeArithmetic(OperatorNode node, List<Integers> inputs) {
    this.node = node;
    this.inputs = inputs;
  }

  /**
   * Computes a node's output.
   *
   * @return the integers, or empty if the node does not compute on integers that are known
   */
  static Optional<Integers> fold(OperatorNode node, Trace trace) {
    if (node.operator().equals("Shape") || node.operator().equals("Size")) {
      return shape(node, trace.input(node, 0));
    }
    List<Integers> inputs = new ArrayList<>();
    int longest = 0;
    for (int i = 0; i < node.inputCount(); i++) {
      if (!(trace.input(node, i) instanceof Integers integers) || integers.shape().size() > 1) {
        return Optional.empty();
      }
      inputs.add(integers);
      longest = Math.max(longest, integers.values().length);
    }
    trace.budget().look(inputs.size() * (long) longest);
    try {
      return inputs.isEmpty() ? Optional.empty() : new ShapeArithmetic(node, inputs).compute();
    } catch (ArithmeticException | IndexOutOfBoundsException e) {
      return Optional.empty();
    }
  }

  private static Optional<Integers> shape(OperatorNode node, Value value) {
    List<Long> sizes;
    if (value instanceof Activation activation) {
      sizes = activation.axes().stream().map(SymbolicAxis::size).toList();
    } else if (value instanceof Weight weight) {
      sizes = weight.sizes();
    } else if (value instanceof Integers integers) {
      sizes = integers.shape();
    } else {
      return Optional.empty();
    }
    long[] values = sizes.stream().mapToLong(Long::longValue).toArray();
    if (node.operator().equals("Size")) {
      return Optional.of(scalar(LongStream.of(values).reduce(1, (a, b) -> a * b)));
    }
    int from = bound(node.integer("start", 0), values.length);
    int to = bound(node.integer("end", values.length), values.length);
    return Optional.of(vector(from < to ? Arrays.copyOfRange(values, from, to) : new long[0]));
  }

  private static int bound(long index, int length) {
    return (int) Math.max(0, Math.min(length, index < 0 ? index + length : index));
  }

  private static Integers scalar(long value) {
    return new Integers(List.of(), new long[] {value});
  }

  private static Integers vector(long[] values) {
    return new Integers(List.of((long) values.length), values);
  }

  private Optional<Integers> compute() {
    return switch (node.operator()) {
      case "Identity" -> Optional.of(inputs.get(0));
      case "Cast" -> cast();
      case "Add" -> elementwise(Math::addExact);
      case "Sub" -> elementwise(Math::subtractExact);
      case "Mul" -> elementwise(Math::multiplyExact);
      case "Div" -> elementwise((a, b) -> a / b);
      case "Mod" -> elementwise(Math::floorMod);
      case "Max" -> elementwise(Math::max);
      case "Min" -> elementwise(Math::min);
      case "Equal" -> elementwise((a, b) -> a == b ? 1 : 0);
      case "Where" -> where();
      case "Concat" -> concat();
      case "Gather" -> gather();
      case "Slice" -> slice();
      case "Unsqueeze" ->
          inputs.get(0).shape().isEmpty()
              ? Optional.of(vector(inputs.get(0).values()))
              : Optional.empty();
      case "Squeeze" ->
          inputs.get(0).values().length == 1
              ? Optional.of(scalar(inputs.get(0).values()[0]))
              : Optional.empty();
      case "Reshape" -> reshape();
      case "ReduceProd" ->
          Optional.of(
              reduced(LongStream.of(inputs.get(0).values()).reduce(1, Math::multiplyExact)));
      case "ReduceSum" -> Optional.of(reduced(LongStream.of(inputs.get(0).values()).sum()));
      case "Range" -> range();
      default -> Optional.empty();
    };
  }

  private Optional<Integers> concat() {
    long length = inputs.stream().mapToLong(v -> v.values().length).sum();
    return length > Limits.INTEGERS
        ? Optional.empty()
        : Optional.of(
            vector(inputs.stream().flatMapToLong(v -> LongStream.of(v.values())).toArray()));
  }

  private Optional<Integers> cast() {
    long to = node.integer("to", 0);
    boolean real = to == FLOAT || to == FLOAT16 || to == DOUBLE;
    return real ? Optional.empty() : Optional.of(inputs.get(0));
  }

  private Integers reduced(long value) {
    return node.integer("keepdims", 1) != 0 && !inputs.get(0).shape().isEmpty()
        ? vector(new long[] {value})
        : scalar(value);
  }

  private Optional<Integers> elementwise(LongBinaryOperator operator) {
    Integers result = inputs.get(0);
    for (Integers other : inputs.subList(1, inputs.size())) {
      int length = joint(result, other);
      if (length < 0) {
        return Optional.empty();
      }
      long[] values = new long[length];
      for (int i = 0; i < length; i++) {
        values[i] = operator.applyAsLong(at(result, i), at(other, i));
      }
      boolean scalar = result.shape().isEmpty() && other.shape().isEmpty();
      result = scalar ? scalar(values[0]) : vector(values);
    }
    return Optional.of(result);
  }

  /** The length of two broadcast vectors, or -1 if they do not fit. */
  private static int joint(Integers a, Integers b) {
    int m = a.values().length;
    int n = b.values().length;
    return m == n || n == 1 ? m : m == 1 ? n : -1;
  }

  private static long at(Integers vector, int index) {
    return vector.values()[vector.values().length == 1 ? 0 : index];
  }

  private Optional<Integers> where() {
    Integers condition = inputs.get(0);
    long[] values = new long[condition.values().length];
    for (int i = 0; i < values.length; i++) {
      values[i] = at(inputs.get(condition.values()[i] != 0 ? 1 : 2), i);
    }
    return Optional.of(condition.shape().isEmpty() ? scalar(values[0]) : vector(values));
  }

  private Optional<Integers> gather() {
    long[] from = inputs.get(0).values();
    long[] values =
        LongStream.of(inputs.get(1).values())
            .map(i -> from[(int) (i < 0 ? i + from.length : i)])
            .toArray();
    return Optional.of(inputs.get(1).shape().isEmpty() ? scalar(values[0]) : vector(values));
  }

  private Optional<Integers> slice() {
    long[] from = inputs.get(0).values();
    Optional<List<Long>> starts = node.integers("starts");
    Optional<List<Long>> ends = node.integers("ends");
    boolean attributes = starts.isPresent() && ends.isPresent();
    if (attributes ? starts.get().size() != 1 : inputs.size() < 3) {
      return Optional.empty();
    }
    long start = attributes ? starts.get().get(0) : inputs.get(1).values()[0];
    long end = attributes ? ends.get().get(0) : inputs.get(2).values()[0];
    long step = inputs.size() > 4 ? inputs.get(4).values()[0] : 1;
    if (step == 0) {
      return Optional.empty();
    }
    PartRules.Range range = PartRules.Range.of(start, end, step, from.length);
    long[] values = new long[(int) range.count()];
    for (int i = 0; i < values.length; i++) {
      values[i] = from[(int) (range.first() + i * step)];
    }
    return Optional.of(vector(values));
  }

  private Optional<Integers> reshape() {
    long[] target = inputs.get(1).values();
    if (target.length == 0 && inputs.get(0).values().length == 1) {
      return Optional.of(scalar(inputs.get(0).values()[0]));
    }
    return target.length == 1 ? Optional.of(vector(inputs.get(0).values())) : Optional.empty();
  }

  private Optional<Integers> range() {
    long start = inputs.get(0).values()[0];
    long limit = inputs.get(1).values()[0];
    long delta = inputs.get(2).values()[0];
    long count = Math.max(0, (limit - start + delta - Long.signum(delta)) / delta);
    return count > Limits.INTEGERS
        ? Optional.empty()
        : Optional.of(vector(LongStream.range(0, count).map(i -> start + i * delta).toArray()));
  }
}
