package org.otfuse.models;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.otfuse.InvalidInputException;
import org.otfuse.Progress;
import org.otfuse.UnsupportedModelException;
import org.otfuse.models.ModelComparison.Predictions;

/** Two models side by side, batch after batch, and what is summed up of them. Used once. */
final class ComparisonRun implements AutoCloseable {
  private final Dataset data;
  private final Side first;
  private final Side second;
  private final int[] hits = new int[2];
  private int equal;
  private boolean classes = true;
  private long values;
  private double largest;
  private double scale;
  private double sum;
  private int worst;

  /**
   * What one output holds for some samples.
   *
   * @param shape its sizes without the samples
   * @param values row-major, samples first
   */
  private record Output(List<Integer> shape, float[] values) {
    /** The number of classes, 0 if these are no class scores. */
    int classes() {
      boolean vector = !shape.isEmpty() && shape.stream().skip(1).allMatch(size -> size == 1);
      return vector && shape.get(0) > 1 ? shape.get(0) : 0;
    }

    /** The class with the highest score. */
    int predicted(int sample) {
      int from = sample * classes();
      int best = 0;
      for (int c = 1; c < classes(); c++) {
        best = values[from + c] > values[from + best] ? c : best;
      }
      return best;
    }
  }

  /** One of the models. */
  private record Side(OnnxSession session, List<String> outputs) implements AutoCloseable {
    static Side open(OnnxModel file) {
      return new Side(
          OnnxSession.open(file.toBytes(), file.model().name()),
          file.outputs().stream().map(TensorInfo::name).toList());
    }

    List<Output> run(Dataset data, int start, int count) {
      Map<String, Output> found = new LinkedHashMap<>();
      outputs.forEach(name -> found.put(name, new Output(List.of(), new float[0])));
      int fed = session.hasFixedBatch() ? session.batch() : count;
      session.run(
          data,
          start,
          count,
          found.keySet(),
          (output, shape, buffer) -> {
            if (shape.length == 0 || shape[0] != fed) {
              throw new UnsupportedModelException(
                  "output %s of model %s has shape %s, expected %d samples on axis 0"
                      .formatted(output, session.name(), Arrays.toString(shape), fed));
            }
            float[] read = new float[buffer.remaining() / fed * count];
            buffer.get(read);
            requireFinite(output, read, start, read.length / count);
            List<Integer> sizes = Arrays.stream(shape).skip(1).boxed().toList();
            found.put(output, new Output(sizes, read));
          });
      return outputs.stream().map(found::get).toList();
    }

    private void requireFinite(String output, float[] read, int start, int length) {
      for (int i = 0; i < read.length; i++) {
        if (!Float.isFinite(read[i])) {
          throw new UnsupportedModelException(
              "model %s gives %s in output %s for sample %d, expected finite numbers"
                  .formatted(session.name(), read[i], output, start + i / length));
        }
      }
    }

    @Override
    public void close() {
      session.close();
    }
  }

  ComparisonRun(OnnxModel first, OnnxModel second, Dataset data) {
    this.data = data;
    this.first = Side.open(first);
    try {
      this.second = Side.open(second);
    } catch (RuntimeException | Error e) {
      this.first.close();
      throw e;
    }
  }

  ModelComparison run(Progress progress) {
    int step = Math.min(first.session.batch(), second.session.batch());
    for (int start = 0; start < data.size(); start += step) {
      int count = Math.min(step, data.size() - start);
      add(first.run(data, start, count), second.run(data, start, count), start, count);
      progress.step(start + count, data.size());
    }
    return new ModelComparison(
        data.size(),
        values,
        largest,
        scale == 0 ? 0 : largest / scale,
        values == 0 ? 0 : sum / values,
        worst,
        predictions());
  }

  private Optional<Predictions> predictions() {
    if (!classes) {
      return Optional.empty();
    }
    List<Double> accuracies =
        data.hasLabels() ? Arrays.stream(hits).mapToObj(this::percent).toList() : List.of();
    return Optional.of(new Predictions(percent(equal), accuracies));
  }

  private double percent(int count) {
    return 100.0 * count / data.size();
  }

  private void add(List<Output> expected, List<Output> found, int start, int count) {
    for (int k = 0; k < expected.size(); k++) {
      if (!expected.get(k).shape.equals(found.get(k).shape)) {
        throw new InvalidInputException(
            "output %s of model %s has shape %s for a sample, expected %s as output %s of model %s"
                .formatted(
                    second.outputs.get(k),
                    second.session.name(),
                    found.get(k).shape,
                    expected.get(k).shape,
                    first.outputs.get(k),
                    first.session.name()));
      }
      addDifferences(expected.get(k).values, found.get(k).values, start, count);
    }
    classes = !expected.isEmpty() && expected.get(0).classes() > 0;
    for (int i = 0; classes && i < count; i++) {
      addPrediction(expected.get(0), found.get(0), start, i);
    }
  }

  private void addDifferences(float[] expected, float[] found, int start, int count) {
    values += expected.length;
    for (int i = 0; i < expected.length; i++) {
      double difference = Math.abs((double) expected[i] - found[i]);
      sum += difference;
      scale = Math.max(scale, Math.max(Math.abs(expected[i]), Math.abs(found[i])));
      if (difference > largest) {
        largest = difference;
        worst = start + i / (expected.length / count);
      }
    }
  }

  private void addPrediction(Output expected, Output found, int start, int i) {
    int one = expected.predicted(i);
    int other = found.predicted(i);
    equal += one == other ? 1 : 0;
    if (data.hasLabels()) {
      int label = data.label(start + i);
      if (label >= expected.classes()) {
        throw new InvalidInputException(
            "data set %s has the label %d at [%d], expected less than %d, the classes of model %s"
                .formatted(
                    data.name(), label, start + i, expected.classes(), first.session.name()));
      }
      hits[0] += one == label ? 1 : 0;
      hits[1] += other == label ? 1 : 0;
    }
  }

  @Override
  public void close() {
    first.close();
    second.close();
  }
}
