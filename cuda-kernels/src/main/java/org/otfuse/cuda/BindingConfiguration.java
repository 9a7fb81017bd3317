package org.otfuse.cuda;

import org.bytedeco.javacpp.annotation.Platform;
import org.bytedeco.javacpp.annotation.Properties;
import org.bytedeco.javacpp.tools.Info;
import org.bytedeco.javacpp.tools.InfoMap;
import org.bytedeco.javacpp.tools.InfoMapper;

/** Tells JavaCPP how {@code otfuse_cuda.h} becomes the classes of {@code org.otfuse.cuda.abi}. */
@Properties(
    value = @Platform(include = "otfuse_cuda.h", library = "jniotfusecuda-0.1.0"),
    target = "org.otfuse.cuda.abi",
    global = "org.otfuse.cuda.abi.OtfuseCuda")
public class BindingConfiguration implements InfoMapper {
  /** For JavaCPP. */
  public BindingConfiguration() {}

  @Override
  public void map(InfoMap infoMap) {
    infoMap.put(new Info("OTC_API").cppTypes().annotations());
  }
}
