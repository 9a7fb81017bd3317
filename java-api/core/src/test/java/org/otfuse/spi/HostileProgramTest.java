package org.otfuse.spi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.otfuse.InputMap;
import org.otfuse.MarginalKind;
import org.otfuse.Metric;
import org.otfuse.SinkhornSettings;
import org.otfuse.Solver;
import org.otfuse.spi.FusionProgram.Axis;
import org.otfuse.spi.FusionProgram.Block;
import org.otfuse.spi.FusionProgram.Normalization;
import org.otfuse.spi.FusionProgram.Part;
import org.otfuse.spi.FusionProgram.Segment;
import org.otfuse.spi.FusionProgram.Step;

/** A program that does not fit together is refused when it is made. */
class HostileProgramTest {
  /**
   * A sound program that tests spoil: weight [4,3] at 0, bias [4] at 12, the four vectors of a
   * normalization at 16 to 31, and weight [2,4] that reads the four neurons at 32.
   */
  private static final class Sketch {
    private long length = 40;
    private List<Double> weights = List.of(0.5, 0.5);
    private int anchor;
    private List<Integer> groupSizes = List.of(4);
    private int group;
    private int columns = 4;
    private Part rows = part(0, written(), plain(3));
    private int outputAxis;
    private int firstRow;
    private OptionalLong bias = OptionalLong.of(12);
    private Normalization normalization = new Normalization(16, 20, 24, 28, 1e-5);
    private int steps = 1;
    private List<Part> parts =
        new ArrayList<>(
            List.of(
                part(32, plain(2), read()),
                rows,
                part(12, written()),
                part(16, written()),
                part(20, written()),
                part(24, written()),
                part(28, written())));

    FusionProgram program() {
      Block block = new Block(rows, outputAxis, firstRow, bias, Optional.of(normalization));
      List<Step> all = new ArrayList<>();
      for (int s = 0; s < steps; s++) {
        all.add(new Step(group, columns, List.of(block), List.of(block)));
      }
      return new FusionProgram(
          length,
          weights,
          anchor,
          groupSizes,
          all,
          parts,
          Metric.EUCLIDEAN,
          Solver.EXACT,
          SinkhornSettings.DEFAULTS,
          MarginalKind.UNIFORM,
          InputMap.ROW);
    }
  }

  private static Part part(long offset, Axis... axes) {
    return new Part(offset, List.of(axes));
  }

  private static Axis plain(int size) {
    return new Axis(false, List.of(new Segment(-1, 1, size)));
  }

  private static Axis written() {
    return of(0, 1, 4);
  }

  private static Axis read() {
    return new Axis(true, List.of(new Segment(0, 1, 4)));
  }

  private static Axis of(int group, int block, int size) {
    return new Axis(false, List.of(new Segment(group, block, size)));
  }

  private static void refuses(
      Class<? extends RuntimeException> type, Map<String, Consumer<Sketch>> cases) {
    cases.forEach(
        (message, spoil) -> {
          Sketch sketch = new Sketch();
          RuntimeException e =
              assertThrows(
                  type,
                  () -> {
                    spoil.accept(sketch);
                    sketch.program();
                  },
                  message);
          assertEquals(message, e.getMessage());
        });
  }

  @Test
  void aSoundProgramIsAccepted() {
    assertEquals(1, new Sketch().program().steps().size());
  }

  @Test
  void placesOutsideTheModelAreRefused() {
    Map<String, Consumer<Sketch>> cases = new LinkedHashMap<>();
    cases.put(
        "a part begins at 39 and is 8 long, expected a part of a model with 40",
        s -> s.parts.set(0, part(39, plain(2), read())));
    cases.put(
        "a part begins at -1 and is 8 long, expected a part of any model with 2305843009213693951",
        s -> s.parts.set(0, part(-1, plain(2), read())));
    cases.put(
        "a part begins at 9223372036854775807 and is 8 long, expected a part of any model with"
            + " 2305843009213693951",
        s -> s.parts.set(0, part(Long.MAX_VALUE, plain(2), read())));
    cases.put(
        "a part begins at 29 and is 12 long, expected a part of a model with 40",
        s -> s.rows = part(29, written(), plain(3)));
    cases.put(
        "a bias begins at 37 and is 4 long, expected a part of a model with 40",
        s -> s.bias = OptionalLong.of(37));
    cases.put(
        "a bias begins at -2 and is 4 long, expected a part of a model with 40",
        s -> s.bias = OptionalLong.of(-2));
    cases.put(
        "a bias begins at 9223372036854775807 and is 4 long, expected a part of a model with 40",
        s -> s.bias = OptionalLong.of(Long.MAX_VALUE));
    for (int v = 0; v < 4; v++) {
      int vector = v;
      cases.put(
          "a vector of a normalization begins at %d and is 4 long, expected a part of a model with 40"
              .formatted(100 + v),
          s -> {
            long[] first = {16, 20, 24, 28};
            first[vector] = 100 + vector;
            s.normalization = new Normalization(first[0], first[1], first[2], first[3], 1e-5);
          });
    }
    cases.put(
        "the output axis begins at 2 and is 1 long, expected a part of the axes with 2",
        s -> s.outputAxis = 2);
    cases.put(
        "a run of rows begins at 1 and is 4 long, expected a part of the output axis with 4",
        s -> s.firstRow = 1);
    cases.put(
        "a group begins at 1 and is 1 long, expected a part of the groups with 1",
        s -> s.group = 1);
    cases.put(
        "a group begins at 7 and is 1 long, expected a part of the groups with 1",
        s -> s.parts.set(2, part(12, of(7, 1, 4))));
    cases.put(
        "the anchor begins at 2 and is 1 long, expected a part of the models with 2",
        s -> s.anchor = 2);
    cases.put(
        "the anchor begins at -1 and is 1 long, expected a part of the models with 2",
        s -> s.anchor = -1);
    refuses(IndexOutOfBoundsException.class, cases);
  }

  @Test
  void partsThatDoNotCoverTheModelOnceAreRefused() {
    Map<String, Consumer<Sketch>> cases = new LinkedHashMap<>();
    cases.put(
        "a part begins at float 16, expected 12 so that the parts cover the model once",
        s -> s.parts.remove(2));
    cases.put(
        "a part begins at float 12, expected 16 so that the parts cover the model once",
        s -> s.parts.add(s.parts.get(2)));
    cases.put("the parts cover 40 floats, expected the 41 of a model", s -> s.length = 41);
    cases.put("the parts cover 0 floats, expected the 40 of a model", s -> s.parts = List.of());
    refuses(IllegalArgumentException.class, cases);
  }

  @Test
  void sizesThatDisagreeOrCannotBeCountedAreRefused() {
    Map<String, Consumer<Sketch>> cases = new LinkedHashMap<>();
    cases.put(
        "a segment of group 0 and block 2 has 4 indices, expected 8",
        s -> s.parts.set(2, part(12, of(0, 2, 4))));
    cases.put(
        "a segment of group 0 and block 1 has 4 indices, expected 5",
        s -> s.groupSizes = List.of(5));
    cases.put("the size of group 0 is 0, expected 1 or above", s -> s.groupSizes = List.of(0));
    cases.put("the step of group 0 has 5 columns, but its blocks have 4", s -> s.columns = 5);
    cases.put("group 0 has two steps, expected one at most", s -> s.steps = 2);
    cases.put(
        "a tensor has more than 2305843009213693951 values, as many as can be addressed",
        s -> s.parts.add(part(0, plain(1 << 30), plain(1 << 30), plain(16))));
    cases.put(
        "an axis has 2147483648 indices or more, expected 2147483647 at most",
        s ->
            new Axis(false, List.of(new Segment(-1, 1, 1), new Segment(-1, 1, Integer.MAX_VALUE))));
    cases.put("an axis has no segments, expected at least one", s -> new Axis(true, List.of()));
    cases.put("the size of a segment is -1, expected 0 or above", s -> plain(-1));
    cases.put("the block of a segment is 0, expected 1 or above", s -> of(0, 0, 0));
    cases.put("the group of a segment is -2, expected -1 or above", s -> of(-2, 1, 4));
    refuses(IllegalArgumentException.class, cases);
  }

  @Test
  void numbersOutOfRangeAreRefused() {
    Map<String, Consumer<Sketch>> cases = new LinkedHashMap<>();
    for (double weight : new double[] {Double.NaN, -0.5, Double.POSITIVE_INFINITY}) {
      cases.put(
          "the weight of model 1 is %s, expected a finite number that is not negative"
              .formatted(weight),
          s -> s.weights = List.of(1.0, weight));
    }
    for (double epsilon : new double[] {Double.NaN, -1e-9, Double.POSITIVE_INFINITY}) {
      cases.put(
          "the epsilon of a normalization is %s, expected a finite number that is not negative"
              .formatted(epsilon),
          s -> s.normalization = new Normalization(16, 20, 24, 28, epsilon));
    }
    refuses(IllegalArgumentException.class, cases);
  }

  @Test
  void nullsAreRefusedByName() {
    Map<String, Consumer<Sketch>> cases = new LinkedHashMap<>();
    cases.put("weights", s -> s.weights = Arrays.asList(1.0, null));
    cases.put("groupSizes", s -> s.groupSizes = null);
    cases.put("parts", s -> s.parts = null);
    cases.put("bias", s -> s.bias = null);
    refuses(NullPointerException.class, cases);
  }
}
