package org.otfuse.natives;

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

  NativeFusion(Engine engine, FusionProgram program) {
    this.engine = engine;
    engine.acquire();
    PointerScope structs = new PointerScope();
    try {
      Call.check(Otfuse.otf_fusion_create(engine.handle(), ProgramStructs.of(program), handle));
    } catch (RuntimeException e) {
      engine.release();
      throw e;
    } finally {
      structs.close();
    }
  }

  @Override
  public boolean run(List<FloatBuffer> models, FloatBuffer output) {
    for (int k = 0; k < models.size(); k++) {
      Call.check(Otfuse.otf_fusion_set_model(handle, k, models.get(k)));
    }
    Call.check(Otfuse.otf_fusion_run(handle, output));
    return true;
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
