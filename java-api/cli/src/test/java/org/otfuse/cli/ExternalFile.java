package org.otfuse.cli;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** A copy of a model file whose weights lie in another file beside it. */
final class ExternalFile {
  private ExternalFile() {}

  /** Writes the copy, and its weights to a file of the given name beside it. */
  static Path of(Path original, Path target, String data) throws IOException {
    ModelProto model = ModelProto.parseFrom(Files.readAllBytes(original));
    GraphProto.Builder graph = model.getGraph().toBuilder();
    long offset = 0;
    try (OutputStream out = Files.newOutputStream(target.resolveSibling(data))) {
      for (int i = 0; i < graph.getInitializerCount(); i++) {
        TensorProto.Builder tensor = graph.getInitializerBuilder(i);
        ByteString bytes = tensor.getRawData();
        bytes.writeTo(out);
        tensor
            .clearRawData()
            .setDataLocation(TensorProto.DataLocation.EXTERNAL)
            .addExternalData(entry("location", data))
            .addExternalData(entry("offset", String.valueOf(offset)))
            .addExternalData(entry("length", String.valueOf(bytes.size())));
        offset += bytes.size();
      }
    }
    Files.write(target, model.toBuilder().setGraph(graph).build().toByteArray());
    return target;
  }

  private static StringStringEntryProto entry(String key, String value) {
    return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
  }
}
