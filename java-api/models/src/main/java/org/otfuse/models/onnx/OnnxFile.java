package org.otfuse.models.onnx;

import ai.onnx.proto.OnnxMl.ModelProto;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * A model file taken apart: everything but its float weights, and the weights.
 *
 * @param path where it was read
 * @param data the files beside it that hold some of its data
 * @param skeleton the file's content; the weights' tensors are there without their data
 * @param parameters the weights: initializers in the file's order, then Constant nodes
 */
public record OnnxFile(
    Path path, Set<Path> data, ModelProto skeleton, List<Parameter> parameters) {}
