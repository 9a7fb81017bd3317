package org.otfuse.natives;

import java.lang.ref.Reference;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.otfuse.natives.abi.Otfuse;
import org.otfuse.natives.abi.otf_fusion;
import org.otfuse.spi.CompiledFusion;
import org.otfuse.spi.FusionProgram;

/** A program that the engine runs on its own; a run makes no Java objects. */
final class NativeFusion implements CompiledFusion {
  private final Engine engine;
  private final otf_fusion handle = new otf_fusion();
  private final int models;
  private final long length;

  NativeFusion(Engine engine, FusionProgram program) {
    this.engine = engine;
    this.models = program.weights().size();
    this.length = program.length();
    engine.acquire();
    boolean made = false;
    try {
      create(program);
      made = true;
    } finally {
      if (!made) {
        engine.release();
      }
    }
  }

  private void create(FusionProgram program) {
    PointerScope structs = new PointerScope();
    try {
      Call.check(Otfuse.otf_fusion_create(engine.handle(), ProgramStructs.of(program), handle));
    } finally {
      structs.close();
    }
  }

  @Override
  public boolean run(List<FloatBuffer> models, FloatBuffer output) {
    check(models, output);
    try {
      for (int k = 0; k < models.size(); k++) {
        Call.check(Otfuse.otf_fusion_set_model(handle, k, models.get(k)));
      }
      int status = Otfuse.otf_fusion_run(handle, output);
      if (status == Otfuse.OTF_OUT_OF_RANGE) {
        return false;
      }
      Call.check(status);
      return true;
    } finally {
      Reference.reachabilityFence(models);
      Reference.reachabilityFence(output);
    }
  }

  private void check(List<FloatBuffer> models, FloatBuffer output) {
    if (handle.isNull()) {
      throw new IllegalStateException("the fusion is closed");
    }
    if (models.size() != this.models) {
      throw new IllegalArgumentException(
          "%d models were given to a fusion of %d".formatted(models.size(), this.models));
    }
    for (int k = 0; k < models.size(); k++) {
      check(models.get(k));
    }
    check(output);
    if (output.isReadOnly()) {
      throw new IllegalArgumentException("the output is read-only");
    }
  }

  /** The engine keeps addresses: it needs memory that stays where it is. */
  private void check(FloatBuffer buffer) {
    if (!buffer.isDirect()
        || buffer.order() != ByteOrder.nativeOrder()
        || buffer.remaining() != length) {
      throw new IllegalArgumentException(
          "a buffer is %s, %s with %d floats, expected a direct one in native order with %d"
              .formatted(
                  buffer.isDirect() ? "direct" : "on the heap",
                  buffer.order(),
                  buffer.remaining(),
                  length));
    }
  }

  @Override
  public void close() {
    if (!handle.isNull()) {
      Otfuse.otf_fusion_destroy(handle);
      handle.setNull();
      engine.release();
    }
  }
}
