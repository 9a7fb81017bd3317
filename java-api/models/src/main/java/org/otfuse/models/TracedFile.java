package org.otfuse.models;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.otfuse.Architecture;
import org.otfuse.NeuronGroup;
import org.otfuse.Operation;
import org.otfuse.TensorLayout;
import org.otfuse.UnsupportedModelException;
import org.otfuse.models.function.FunctionReader;
import org.otfuse.models.onnx.OnnxFile;
import org.otfuse.models.onnx.Parameter;
import org.otfuse.models.onnx.TensorData;
import org.otfuse.models.trace.AxisWords;
import org.otfuse.models.trace.GroupTable;
import org.otfuse.models.trace.ParameterUse;
import org.otfuse.models.trace.SharedWeights;
import org.otfuse.models.trace.Trace;
import org.otfuse.models.trace.Tracer;
import org.otfuse.models.trace.WeightUses;

/**
 * A model file after tracing.
 *
 * @param skeleton the file without its weights; weights that cannot stay shared are parted
 * @param parameters the weights, one for each tensor of the architecture
 * @param architecture the tensors and the neuron groups
 * @param uses who uses the weights
 */
record TracedFile(
    ModelProto skeleton, List<Parameter> parameters, Architecture architecture, WeightUses uses) {
  private static final String NORMALIZATION = "BatchNormalization";

  /** The input of a BatchNormalization that is its running mean; its variance follows. */
  private static final int MEAN = 3;

  static TracedFile of(OnnxFile file) {
    return new Builder(file, false).build();
  }

  /** The same with biases and the tensors of BatchNormalization copied until no two nodes share. */
  static TracedFile separated(OnnxFile file) {
    return new Builder(file, true).build();
  }

  private static final class Builder {
    private final OnnxFile file;
    private final boolean separate;
    private final Trace trace;
    private final GroupTable table;
    private final SharedWeights shared;
    private final Set<ParameterUse> vectors = Collections.newSetFromMap(new IdentityHashMap<>());
    private final List<Entry> copies = new ArrayList<>();
    private long values;

    /** A tensor to be: a weight, its layout and who uses it. */
    private record Entry(
        Parameter parameter, List<TensorLayout.Slab> slabs, List<ParameterUse> users) {}

    /** Where a weight is read. */
    private record Place(int node, int input, String weight) {}

    /**
     * Users for whom a weight is the same tensor.
     *
     * @param slabs the neurons that they see
     * @param node the only user, or -1 for all
     * @param input the only user's input, or -1
     */
    private record Share(List<TensorLayout.Slab> slabs, int node, int input) {}

    Builder(OnnxFile file, boolean separate) {
      this.file = file;
      this.separate = separate;
      this.trace = Tracer.trace(file);
      this.table = new GroupTable(trace.layers(), trace.budget());
      this.shared = new SharedWeights(file.skeleton().getGraph());
      trace.layers().forEach(layer -> layer.bias().ifPresent(vectors::add));
      trace.uses().stream().filter(this::isNormalization).forEach(vectors::add);
    }

    private boolean isNormalization(ParameterUse use) {
      if (use.node() < 0 || use.input() < 0) {
        return false;
      }
      NodeProto node = file.skeleton().getGraph().getNode(use.node());
      return node.getOpType().equals(NORMALIZATION);
    }

    TracedFile build() {
      Map<String, List<ParameterUse>> uses = new HashMap<>();
      for (ParameterUse use : trace.uses()) {
        uses.computeIfAbsent(use.parameter().name(), name -> new ArrayList<>()).add(use);
      }
      List<Entry> initializers = new ArrayList<>();
      List<Entry> constants = new ArrayList<>();
      for (Parameter parameter : file.parameters()) {
        addValues(parameter, 1);
        Entry entry = part(parameter, uses.getOrDefault(parameter.name(), List.of()));
        (parameter.initializer() >= 0 ? initializers : constants).add(entry);
      }
      List<Entry> entries = new ArrayList<>(initializers);
      entries.addAll(copies);
      entries.addAll(constants);
      Map<Integer, Integer> moved = new HashMap<>();
      GraphProto graph = shared.build(moved);
      return new TracedFile(
          file.skeleton().toBuilder().setGraph(graph).build(),
          entries.stream().map(entry -> moved(entry.parameter(), moved)).toList(),
          architecture(entries),
          uses(entries, moved));
    }

    private static Parameter moved(Parameter p, Map<Integer, Integer> moved) {
      int node = moved.getOrDefault(p.node(), p.node());
      return new Parameter(p.name(), p.shape(), p.data(), p.initializer(), node);
    }

    /** Keeps the weight for the users that agree with the first, and copies it for the others. */
    private Entry part(Parameter parameter, List<ParameterUse> uses) {
      Map<Share, List<ParameterUse>> shares = new LinkedHashMap<>();
      Share first =
          new Share(TensorLayout.plain(parameter.name(), parameter.shape()).slabs(), -1, -1);
      boolean fixed = false;
      for (ParameterUse use : uses) {
        boolean alone = separate && vectors.contains(use);
        Share share =
            new Share(table.layout(use), alone ? use.node() : -1, alone ? use.input() : -1);
        if (shares.isEmpty() || use.input() < 0 && !fixed) {
          first = share;
          fixed = use.input() < 0;
        }
        shares.computeIfAbsent(share, s -> new ArrayList<>()).add(use);
      }
      List<ParameterUse> own = shares.getOrDefault(first, List.of());
      shares.remove(first);
      addValues(parameter, shares.size());
      Map<Integer, Long> readers = SharedWeights.readers(uses);
      shares.forEach(
          (share, users) ->
              copies.add(new Entry(shared.copy(parameter, users, readers), share.slabs(), users)));
      return new Entry(parameter, first.slabs(), own);
    }

    /** Copies cost no memory yet, but whoever fuses the model takes some for each. */
    private void addValues(Parameter parameter, int copies) {
      values += (long) copies * parameter.data().remaining();
      if (values > TensorData.MAX_VALUES) {
        throw new UnsupportedModelException(
            "%s has at least %d values where different neurons share no weight, expected at most %d"
                .formatted(file.path(), values, TensorData.MAX_VALUES));
      }
    }

    private WeightUses uses(List<Entry> entries, Map<Integer, Integer> moved) {
      SortedMap<Integer, Integer> means = new TreeMap<>();
      Map<Integer, Integer> variances = new HashMap<>();
      for (int t = 0; t < entries.size(); t++) {
        for (ParameterUse use : entries.get(t).users()) {
          if (isNormalization(use) && use.input() >= MEAN) {
            int node = moved.getOrDefault(use.node(), use.node());
            (use.input() == MEAN ? means : variances).put(node, t);
          }
        }
      }
      means.keySet().retainAll(variances.keySet());
      return new WeightUses(
          entries.stream().map(entry -> entry.users().size()).toList(),
          entries.stream()
              .anyMatch(
                  e -> e.users().size() > 1 && e.users().stream().anyMatch(vectors::contains)),
          means.entrySet().stream()
              .map(
                  mean ->
                      new WeightUses.Normalization(
                          mean.getKey(), mean.getValue(), variances.get(mean.getKey())))
              .toList());
    }

    private Architecture architecture(List<Entry> entries) {
      Map<ParameterUse, Integer> indices = new IdentityHashMap<>();
      List<TensorLayout> tensors = new ArrayList<>();
      for (Entry entry : entries) {
        entry.users().forEach(use -> indices.put(use, tensors.size()));
        tensors.add(
            new TensorLayout(entry.parameter().name(), entry.parameter().shape(), entry.slabs()));
      }
      List<NeuronGroup> groups = table.groups(trace.layers(), indices::get);
      FunctionReader reader =
          new FunctionReader(
              file, trace, new AxisWords(table::index, trace.dimensions()), places(entries));
      List<Operation> function = reader.read();
      List<String> warnings = new ArrayList<>(trace.warnings());
      warnings.addAll(reader.warnings());
      return new Architecture(tensors, groups, warnings, function);
    }

    /** Which entry each input of a node reads; a subgraph reads the weight itself. */
    private static FunctionReader.Tensors places(List<Entry> entries) {
      Map<Place, Integer> places = new HashMap<>();
      Map<String, Integer> names = new HashMap<>();
      for (int t = 0; t < entries.size(); t++) {
        names.put(entries.get(t).parameter().name(), t);
        for (ParameterUse use : entries.get(t).users()) {
          places.put(new Place(use.node(), use.input(), use.parameter().name()), t);
        }
      }
      return (node, input, weight) -> {
        String name = weight.parameter().name();
        Integer place = places.get(new Place(node, input, name));
        return place != null ? place : names.get(name);
      };
    }
  }
}
