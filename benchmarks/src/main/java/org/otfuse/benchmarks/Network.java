package org.otfuse.benchmarks;

import org.otfuse.Architecture;
import org.otfuse.cli.bench.Networks;

/** The networks that are fused. */
public enum Network {
  /** 784-400-200-100-10, 0.4 million parameters. */
  MLP,
  /** 3072-1024-1024-10, 4.2 million parameters. */
  WIDE_MLP,
  /** VGG11 without biases, 9.2 million parameters. */
  VGG11,
  /** ResNet18 with BatchNormalization, 11.2 million parameters. */
  RESNET18;

  Architecture architecture() {
    return switch (this) {
      case MLP -> Networks.smallMlp();
      case WIDE_MLP -> Networks.wideMlp();
      case VGG11 -> Networks.vgg11();
      case RESNET18 -> Networks.resNet18();
    };
  }
}
