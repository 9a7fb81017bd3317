package org.otfuse.cli.bench;

import org.otfuse.Architecture;
import org.otfuse.SequentialArchitecture;

/** Architectures of the sizes that Singh and Jaggi 2020 fuse. */
public final class Networks {
  private static final int[] VGG11_WIDTHS = {64, 128, 256, 256, 512, 512, 512, 512};

  private Networks() {}

  /**
   * A multilayer perceptron with biases.
   *
   * @param widths inputs, hidden layers and classes
   * @return the architecture
   */
  public static Architecture mlp(int... widths) {
    SequentialArchitecture layers = SequentialArchitecture.of(widths[0]);
    for (int l = 1; l < widths.length; l++) {
      layers.linear(widths[l], true);
    }
    return layers.build();
  }

  /**
   * The MLP of the paper.
   *
   * @return 784-400-200-100-10, 0.4 million parameters
   */
  public static Architecture smallMlp() {
    return mlp(784, 400, 200, 100, 10);
  }

  /**
   * A wide MLP.
   *
   * @return 3072-1024-1024-10, 4.2 million parameters
   */
  public static Architecture wideMlp() {
    return mlp(3072, 1024, 1024, 10);
  }

  /**
   * VGG11 without biases.
   *
   * @return 9.2 million parameters
   */
  public static Architecture vgg11() {
    SequentialArchitecture layers = SequentialArchitecture.of(3);
    for (int width : VGG11_WIDTHS) {
      layers.convolution(width, 3, false);
    }
    return layers.linear(10, false).build();
  }

  /**
   * A ResNet18 for small images: stem of 3x3, widths 64 to 512, ten classes, every convolution
   * followed by a BatchNormalization.
   *
   * @return 11.2 million parameters
   */
  public static Architecture resNet18() {
    return ResNet18.architecture();
  }
}
