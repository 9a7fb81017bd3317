package org.otfuse.models.trace;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.otfuse.models.trace.Value.Activation;

/** Operators that work on each channel by itself, over the spatial axes. */
final class PoolingRules {
  private PoolingRules() {}

  static void pool(OperatorNode node, Trace trace) throws Untraceable {
    Activation x = spatial(node, trace);
    List<Long> kernel =
        node.integers("kernel_shape").orElseThrow(() -> new Untraceable("it has no kernel_shape"));
    if (kernel.size() != x.rank() - 2) {
      throw new Untraceable("its kernel_shape is " + kernel);
    }
    Window window = new Window(node, kernel.size());
    List<Long> sizes = new ArrayList<>();
    for (int a = 0; a < kernel.size(); a++) {
      sizes.add(window.size(a, x.axis(a + 2).size(), kernel.get(a)));
    }
    setSpatial(node, trace, x, sizes);
  }

  static void globalPool(OperatorNode node, Trace trace) throws Untraceable {
    Activation x = spatial(node, trace);
    setSpatial(node, trace, x, Collections.nCopies(x.rank() - 2, 1L));
  }

  private static Activation spatial(OperatorNode node, Trace trace) throws Untraceable {
    Activation x = trace.activation(node, 0);
    if (x.rank() < 3) {
      throw new Untraceable("its input has no spatial axes");
    }
    return x;
  }

  private static void setSpatial(OperatorNode node, Trace trace, Activation x, List<Long> sizes) {
    List<SymbolicAxis> axes = new ArrayList<>(x.axes().subList(0, 2));
    for (int a = 0; a < sizes.size(); a++) {
      trace.pin(node, x.axis(a + 2), "slides over them");
      axes.add(SymbolicAxis.plain(sizes.get(a)));
    }
    trace.set(node, axes);
  }

  /** Axes that keep their size pass; the others are interpolated. */
  static void resize(OperatorNode node, Trace trace) throws Untraceable {
    Activation x = trace.activation(node, 0);
    if (node.text("coordinate_transformation_mode", "").equals("tf_crop_and_resize")) {
      throw new Untraceable("it crops what it resizes");
    }
    if (node.attribute("axes").isPresent()
        || !node.text("keep_aspect_ratio_policy", "stretch").equals("stretch")) {
      throw new Untraceable("it resizes some axes only");
    }
    List<Long> sizes = resized(node, trace, x);
    if (sizes.size() != x.rank()) {
      throw new Untraceable("its sizes are " + trace.dimensions().words(sizes));
    }
    List<SymbolicAxis> axes = new ArrayList<>();
    for (int a = 0; a < x.rank(); a++) {
      SymbolicAxis axis = x.axis(a);
      if (axis.size() == sizes.get(a)) {
        axes.add(axis);
      } else {
        trace.pin(node, axis, "interpolates between them");
        axes.add(SymbolicAxis.plain(sizes.get(a)));
      }
    }
    trace.set(node, axes);
  }

  private static List<Long> resized(OperatorNode node, Trace trace, Activation x)
      throws Untraceable {
    if (node.hasInput(3)) {
      return trace.integers(node, "sizes", 3).orElseThrow();
    }
    float[] scales = ConstantRules.floats(node, node.opset() > 10 ? 2 : 1, "scales", trace);
    if (scales.length != x.rank()) {
      throw new Untraceable("its scales are not known");
    }
    List<Long> sizes = new ArrayList<>();
    for (int a = 0; a < scales.length; a++) {
      sizes.add((long) Math.floor(x.axis(a).size() * (double) scales[a]));
    }
    return sizes;
  }
}
