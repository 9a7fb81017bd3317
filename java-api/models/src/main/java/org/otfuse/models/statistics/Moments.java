package org.otfuse.models.statistics;

/**
 * Running mean and variance of each neuron, in double: the moments of one part of the data after
 * the other are joined (Chan, Golub and LeVeque, 1983), so that nothing cancels however far the
 * mean is from zero. Takes memory for two numbers a neuron, however much data there is.
 */
final class Moments {
  private final double[] mean;
  private final double[] squares;
  private long count;

  /** Moments of nothing yet, for a number of neurons. */
  Moments(int neurons) {
    this.mean = new double[neurons];
    this.squares = new double[neurons];
  }

  /** How many neurons there are. */
  int neurons() {
    return mean.length;
  }

  /** The mean of a neuron. */
  double mean(int neuron) {
    return mean[neuron];
  }

  /** The variance of a neuron: the mean squared distance from the mean. */
  double variance(int neuron) {
    return squares[neuron] / count;
  }

  /**
   * Joins a neuron's moments of another part; {@link #count(long)} follows when all neurons are
   * done.
   *
   * @param neuron its index
   * @param partMean mean of the part
   * @param partSquares sum of squared distances from that mean
   * @param part values in the part
   */
  void join(int neuron, double partMean, double partSquares, long part) {
    double total = count + part;
    double distance = partMean - mean[neuron];
    mean[neuron] += distance * part / total;
    squares[neuron] += partSquares + distance * distance * count / total * part;
  }

  /** Joins a neuron's values of another part, in two passes; {@link #count(long)} follows. */
  void join(int neuron, double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    double partMean = sum / values.length;
    double partSquares = 0;
    for (double value : values) {
      partSquares += (value - partMean) * (value - partMean);
    }
    join(neuron, partMean, partSquares, values.length);
  }

  /** Counts the values of a part whose neurons have all been joined. */
  void count(long part) {
    count += part;
  }
}
