package org.otfuse.models.closedform;

import java.util.List;

/** The weights of a layer as rows that its inputs' columns are multiplied with, bias last. */
final class LayerWeights {
  private final Network network;
  private final Layer layer;
  private final float[] values;
  private final int taps;
  private final int reads;

  LayerWeights(Network network, Layer layer) {
    this.network = network;
    this.layer = layer;
    this.values = network.values(layer.weight());
    this.taps = layer.window().map(Window::taps).orElse(1);
    List<Integer> shape = network.shape(layer.weight());
    this.reads = shape.get(layer.kind().outputsFirst() ? 1 : 0);
  }

  /** Columns of a block without the bias: inputs times places of the kernel. */
  int columns() {
    return reads * taps;
  }

  /** Neurons of a block. */
  int rows() {
    return layer.neurons() / layer.blocks();
  }

  private int index(int neuron, int column) {
    return layer.kind().outputsFirst()
        ? neuron * reads * taps + column
        : column * layer.neurons() + neuron;
  }

  /** Adds to each neuron of a slab what a constant input gives it. */
  void addColumn(double[] sums, int slab, int input, double value) {
    for (int o = slab * rows(); o < (slab + 1) * rows(); o++) {
      for (int t = 0; t < taps; t++) {
        sums[o] += value * values[index(o, input * taps + t)];
      }
    }
  }

  /**
   * Vectors along some inputs, one for each neuron and place of the kernel.
   *
   * @param group whose neurons
   * @param n how many there are
   */
  double[][] towards(List<Axes.Part> parts, int group, int n) {
    int blocks = 0;
    for (Axes.Part part : parts) {
      blocks += part.group() == group ? part.block() : 0;
    }
    double[][] vectors = new double[blocks * rows() * taps][n];
    int at = 0;
    for (Axes.Part part : parts) {
      if (part.group() != group) {
        continue;
      }
      for (int o = 0; o < rows(); o++) {
        for (int i = 0; i < part.size(); i++) {
          for (int t = 0; t < taps; t++) {
            int row = at + (o * part.block() + i % part.block()) * taps + t;
            vectors[row][i / part.block()] =
                values[index(part.slab() * rows() + o, (part.first() + i) * taps + t)];
          }
        }
      }
      at += part.block() * rows() * taps;
    }
    return vectors;
  }

  /** The rows of a block [rows,columns], with one more column if there is a bias. */
  double[][] block(int block) {
    int columns = columns();
    boolean shifted = layer.shift().isPresent();
    double[][] rows = new double[rows()][columns + (shifted ? 1 : 0)];
    for (int o = 0; o < rows.length; o++) {
      int neuron = block * rows.length + o;
      for (int c = 0; c < columns; c++) {
        rows[o][c] = layer.alpha() * values[index(neuron, c)];
      }
      if (shifted) {
        rows[o][columns] = layer.shiftFactor() * network.values(layer.shift().getAsInt())[neuron];
      }
    }
    return rows;
  }

  /** Sets the rows of a block. */
  void set(int block, double[][] rows) {
    int columns = columns();
    for (int o = 0; o < rows.length; o++) {
      int neuron = block * rows.length + o;
      for (int c = 0; c < columns; c++) {
        values[index(neuron, c)] = (float) (rows[o][c] / layer.alpha());
      }
      if (layer.shift().isPresent()) {
        network.values(layer.shift().getAsInt())[neuron] =
            (float) (rows[o][columns] / layer.shiftFactor());
      }
    }
  }
}
