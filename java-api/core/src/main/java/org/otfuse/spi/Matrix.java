package org.otfuse.spi;

import java.util.Objects;

/**
 * A dense row-major matrix in a buffer, without gaps between rows.
 *
 * @param buffer where the values live
 * @param offset the float at row 0, column 0
 * @param rows the number of rows
 * @param columns the number of columns
 */
public record Matrix(DeviceBuffer buffer, long offset, int rows, int columns) {
  /** Checks that the matrix lies inside the buffer. */
  public Matrix {
    Objects.requireNonNull(buffer, "buffer");
    if (rows < 0 || columns < 0) {
      throw new IndexOutOfBoundsException(
          "a matrix has the shape [%d,%d], expected sizes of 0 or above".formatted(rows, columns));
    }
    Sizes.requireRange(offset, (long) rows * columns, buffer.length(), "a matrix", "a buffer");
  }

  /**
   * A matrix that starts where its buffer starts.
   *
   * @param buffer the buffer
   * @param rows the number of rows
   * @param columns the number of columns
   * @return the matrix
   */
  public static Matrix of(DeviceBuffer buffer, int rows, int columns) {
    return new Matrix(buffer, 0, rows, columns);
  }

  /**
   * The number of floats.
   *
   * @return rows times columns
   */
  public long length() {
    return (long) rows * columns;
  }

  /**
   * The same floats as a run.
   *
   * @return the span that the matrix covers
   */
  public Span span() {
    return new Span(buffer, offset, length());
  }
}
