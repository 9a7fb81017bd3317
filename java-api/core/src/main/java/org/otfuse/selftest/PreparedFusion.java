package org.otfuse.selftest;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;
import org.otfuse.FusionEngine;
import org.otfuse.FusionOptions;
import org.otfuse.FusionPlan;
import org.otfuse.Model;

/** Fuses models through a plan, once. */
final class PreparedFusion {
  private PreparedFusion() {}

  /** All fused weights. */
  static float[] run(FusionEngine engine, List<Model> models, FusionOptions options) {
    try (FusionPlan plan = engine.prepare(models.get(0).architecture(), options)) {
      FloatBuffer output = direct(plan.length());
      plan.fuse(models.stream().map(model -> flat(model, plan.length())).toList(), output);
      return Differences.values(output);
    }
  }

  private static FloatBuffer flat(Model model, int length) {
    FloatBuffer flat = direct(length);
    model.tensors().forEach(tensor -> flat.put(tensor.duplicate()));
    return flat.rewind();
  }

  private static FloatBuffer direct(int length) {
    return ByteBuffer.allocateDirect(Float.BYTES * length)
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer();
  }
}
