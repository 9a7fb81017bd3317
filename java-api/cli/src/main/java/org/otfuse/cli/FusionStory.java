package org.otfuse.cli;

import java.nio.file.Path;
import java.util.List;
import org.otfuse.FeatureKind;
import org.otfuse.FusionOptions;
import org.otfuse.NeuronGroup;
import org.otfuse.spi.Backend;

/**
 * What a page tells about a fusion.
 *
 * @param request what was asked for
 * @param options what was done
 * @param features what neurons were compared by
 * @param inputs the files that were read
 * @param output the fused model
 * @param pictures of the couplings
 * @param backend what did the numeric work
 * @param command the words that were typed
 * @param report what came out
 */
record FusionStory(
    FusionRequest request,
    FusionOptions options,
    FeatureKind features,
    FusionInputs inputs,
    Path output,
    CouplingPictures pictures,
    Backend backend,
    List<String> command,
    FusionReport report) {
  /** The same with another report. */
  FusionStory withReport(FusionReport other) {
    return new FusionStory(
        request, options, features, inputs, output, pictures, backend, command, other);
  }

  /** The file name of a model. */
  String name(int model) {
    return inputs.files().facts(model).name();
  }

  /** The number of weights of a model. */
  long parameters(int model) {
    return inputs.files().facts(model).parameters();
  }

  /** Bytes of a model's file. */
  long bytes(int model) {
    return inputs.files().facts(model).bytes();
  }

  /** Groups that stay as they are. */
  List<NeuronGroup> pinned() {
    return inputs.anchor().model().architecture().groups().stream()
        .filter(group -> group.pinned().isPresent())
        .toList();
  }
}
