package org.otfuse.models.trace;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.otfuse.models.GraphBuilder.ints;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.otfuse.models.GraphBuilder;

/** Messages show no size that the file leaves open, and none that was computed from such a one. */
class OpenSizesTest {
  private static final String STAY = "Some neurons stay as they are in the anchor: ";

  private static List<String> warnings(GraphBuilder g) {
    return g.read().model().architecture().warnings();
  }

  @Test
  void aFlattenedImageOfOpenSizeIsShownAsOpen() {
    GraphBuilder g = new GraphBuilder(17);
    String c = g.relu(g.conv(g.input("x", 0, 2, 0, 0), 2, 4));
    String p = g.node("MaxPool", List.of(c), "kernel_shape", ints(2, 2), "strides", ints(2, 2));
    g.output(g.gemm(g.node("Flatten", List.of(p)), 36, 2), 0, 2);
    assertEquals(
        List.of(
            STAY + "Gemm Gemm4 cannot be followed: its weight reads 36 values, its input has ?."),
        warnings(g));
  }

  @Test
  void aShapeShowsTheSizesThatTheFileGivesAndNoOther() {
    GraphBuilder g = new GraphBuilder(17);
    String c = g.relu(g.conv(g.input("x", 0, 2, 0, 6), 2, 4));
    String p = g.node("AveragePool", List.of(c), "kernel_shape", ints(2, 1), "strides", ints(2, 1));
    g.output(g.node("Add", List.of(p, g.weight("w", 5, 6))), 0, 4, 0, 6);
    assertEquals(
        List.of(
            STAY + "Add Add3 cannot be followed: its inputs have shapes [?, 4, ?, 6] and [5, 6]."),
        warnings(g));
  }

  @Test
  void whatIsKnownBesideAnOpenBatchIsShown() {
    GraphBuilder g = new GraphBuilder(17);
    String c = g.relu(g.conv(g.input("x", 0, 2, 6, 6), 2, 4));
    g.output(g.gemm(g.node("Flatten", List.of(c)), 36, 2), 0, 2);
    assertEquals(
        List.of(
            STAY + "Gemm Gemm3 cannot be followed: its weight reads 36 values, its input has 144."),
        warnings(g));
  }
}
