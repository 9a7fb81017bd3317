package org.otfuse.models.report;

import java.util.Base64;
import org.otfuse.Coupling;

/**
 * A coupling as a picture: one pixel an entry, or of a large one the sum of a block. Darkness grows
 * with the square root of the mass, so that mass which is spread thinly still shows.
 *
 * @param width pixels, at most {@link #MOST}
 * @param height pixels, at most {@link #MOST}
 * @param shades row-major, 0 for no mass to 255 for the most in a pixel
 */
record HeatMap(int width, int height, byte[] shades) {
  /** Pixels along an edge at most. */
  static final int MOST = 128;

  private static final int LIGHT = 0xFFFFFF;
  private static final int DARK = 0x0B2F6B;

  /** Draws a coupling. */
  static HeatMap of(Coupling coupling) {
    int n = coupling.rows();
    int m = coupling.columns();
    int height = Math.min(n, MOST);
    int width = Math.min(m, MOST);
    double[] mass = new double[width * height];
    for (int i = 0; i < n; i++) {
      int row = (int) ((long) i * height / n) * width;
      for (int j = 0; j < m; j++) {
        mass[row + (int) ((long) j * width / m)] += coupling.values()[i * m + j];
      }
    }
    double most = 0;
    for (double value : mass) {
      most = Math.max(most, value);
    }
    byte[] shades = new byte[mass.length];
    for (int k = 0; k < mass.length; k++) {
      shades[k] = (byte) (most == 0 ? 0 : Math.round(255 * Math.sqrt(mass[k] / most)));
    }
    return new HeatMap(width, height, shades);
  }

  /** The picture as the address of an image. */
  String dataUri() {
    return "data:image/png;base64,"
        + Base64.getEncoder().encodeToString(Png.encode(shades, width, height, LIGHT, DARK));
  }
}
