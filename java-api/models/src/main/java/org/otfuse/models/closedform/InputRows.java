package org.otfuse.models.closedform;

import org.otfuse.models.closedform.StagedRun.Values;

/**
 * What a layer reads, as the rows that its weights are multiplied with: one for each output
 * position, for convolutions the patch under the kernel, with a last column of ones if there is a
 * bias.
 */
final class InputRows {
  private final Layer layer;
  private final Values values;
  private final int[] out;
  private final int rows;
  private final int perBlock;

  /**
   * Prepares a chunk.
   *
   * @param input what the layer reads
   * @param outputShape the shape of what it computes
   */
  InputRows(Layer layer, Values input, int[] outputShape) {
    this.layer = layer;
    this.values = input;
    int rank = outputShape.length;
    int axis = layer.kind().outputAxis(rank);
    int count = 1;
    for (int a = 0; a < rank; a++) {
      count *= a == axis ? 1 : outputShape[a];
    }
    this.rows = count;
    this.out = outputShape;
    this.perBlock = input.shape()[layer.kind().inputAxis(input.shape().length)] / layer.blocks();
  }

  /** Rows of the chunk. */
  int rows() {
    return rows;
  }

  /** Writes the row at an index of a block of channels. */
  void fill(double[] row, int block, int index) {
    if (layer.window().isPresent()) {
      patch(row, block, index, layer.window().get());
    } else {
      int axis = layer.kind().inputAxis(values.shape().length);
      int inner = values.inner(axis);
      int from = index / inner * perBlock * inner + index % inner;
      for (int c = 0; c < perBlock; c++) {
        row[c] = values.values()[from + c * inner];
      }
    }
    if (layer.shift().isPresent()) {
      row[row.length - 1] = 1;
    }
  }

  /** The values under the kernel, zeros beyond the borders. */
  private void patch(double[] row, int block, int index, Window window) {
    int[] in = values.shape();
    int axes = in.length - 2;
    int[] start = new int[3];
    int[] size = {1, 1, 1};
    int[] kernel = {1, 1, 1};
    int[] step = {1, 1, 1};
    int rest = index;
    for (int a = axes - 1; a >= 0; a--) {
      int b = a + 3 - axes;
      size[b] = in[a + 2];
      kernel[b] = window.kernel()[a];
      step[b] = window.dilations()[a];
      start[b] = rest % out[a + 2] * window.strides()[a] - window.before(a, in[a + 2], out[a + 2]);
      rest /= out[a + 2];
    }
    int plane = size[0] * size[1] * size[2];
    int base = (rest * in[1] + block * perBlock) * plane;
    int at = 0;
    for (int c = 0; c < perBlock; c++, base += plane) {
      for (int i = 0; i < kernel[0]; i++) {
        int x = start[0] + i * step[0];
        for (int j = 0; j < kernel[1]; j++) {
          int y = start[1] + j * step[1];
          boolean inside = x >= 0 && x < size[0] && y >= 0 && y < size[1];
          int line = base + (x * size[1] + y) * size[2];
          for (int k = 0; k < kernel[2]; k++) {
            int z = start[2] + k * step[2];
            row[at++] = inside && z >= 0 && z < size[2] ? values.values()[line + z] : 0;
          }
        }
      }
    }
  }
}
