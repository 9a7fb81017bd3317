package org.otfuse.models;

import ai.onnx.proto.OnnxMl.ModelProto;
import com.google.protobuf.InvalidProtocolBufferException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.otfuse.Architecture;
import org.otfuse.BackendChoice;
import org.otfuse.FusionEngine;
import org.otfuse.FusionOptions;
import org.otfuse.FusionResult;
import org.otfuse.InvalidInputException;
import org.otfuse.UnsupportedModelException;

/** Reads, traces, writes and reads a model again, and fuses what came out with itself. */
public final class OnnxFuzz implements FuzzTarget {
  /** Larger models are read and written but not fused, which would take long. */
  private static final int FUSED_VALUES = 20_000;

  private static final OnnxFuzz TARGET = new OnnxFuzz();

  private final FusionEngine engine = FusionEngine.open(BackendChoice.JAVA);
  private final Path file;

  OnnxFuzz() {
    try {
      file = Files.createTempFile("fuzz", ".onnx");
      file.toFile().deleteOnExit();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** For Jazzer. */
  public static void fuzzerTestOneInput(byte[] input) throws IOException {
    TARGET.run(input);
  }

  @Override
  public String run(byte[] input) throws IOException {
    OnnxModel model;
    byte[] written;
    try {
      Files.write(file, input);
      model = OnnxModel.read(file);
      model.inputs();
      model.outputs();
      written = model.toBytes();
    } catch (InvalidInputException | UnsupportedModelException e) {
      return String.valueOf(e.getMessage());
    }
    OnnxModel again = readAgain(written);
    if (!Arrays.equals(written, again.toBytes())) {
      // A weight that is a setting too is parted at first; its copy is a setting from then on.
      model = again;
      written = again.toBytes();
      again = readAgain(written);
    }
    require(Arrays.equals(written, again.toBytes()), "it is written otherwise the second time");
    Architecture before = model.model().architecture();
    Architecture after = again.model().architecture();
    require(
        before.tensors().equals(after.tensors()) && shapes(before).equals(shapes(after)),
        "it has other groups when it is read again");
    require(model.model().tensors().equals(again.model().tensors()), "its weights have changed");
    Optional<String> difference = after.difference(before);
    require(difference.isEmpty(), "it differs from itself: " + difference);
    return fuse(model) + model.model().architecture().warnings();
  }

  /** The groups without names: a weight that is parted takes a new name along when written. */
  private static List<List<Object>> shapes(Architecture architecture) {
    return architecture.groups().stream()
        .map(
            group ->
                List.<Object>of(
                    group.size(),
                    group.pinned().isPresent(),
                    group.producers().stream()
                        .map(p -> List.of(p.weight(), p.slab(), p.outputAxis(), p.firstRow()))
                        .toList()))
        .toList();
  }

  private OnnxModel readAgain(byte[] written) throws IOException {
    Files.write(file, written);
    return OnnxModel.read(file);
  }

  private String fuse(OnnxModel model) {
    int values = model.model().tensors().stream().mapToInt(FloatBuffer::remaining).sum();
    if (values > FUSED_VALUES) {
      return "large ";
    }
    try {
      FusionResult result =
          engine.fuse(
              List.of(model.model(), Permuter.permute(model.model(), 3)), FusionOptions.DEFAULTS);
      model.withTensors(result.model()).toBytes();
    } catch (InvalidInputException | UnsupportedModelException e) {
      return String.valueOf(e.getMessage());
    }
    return "fused ";
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new AssertionError(otherwise);
    }
  }

  @Override
  public List<byte[]> seeds() {
    return FuzzModels.all();
  }

  @Override
  public List<byte[]> attacks() {
    return HostileModels.all().values().stream().map(attack -> attack.bytes()).toList();
  }

  @Override
  public byte[] mutate(byte[] input, byte[] other, Random random) {
    if (random.nextInt(4) > 0) {
      try {
        return ProtoMutations.mutate(
                ModelProto.parseFrom(input), ModelProto.parseFrom(other), random)
            .toByteArray();
      } catch (InvalidProtocolBufferException e) {
        // Bytes that are no message are changed as bytes.
      }
    }
    return ByteMutations.mutate(input, other, random);
  }
}
