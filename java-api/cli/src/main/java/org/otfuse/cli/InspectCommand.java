package org.otfuse.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.otfuse.Architecture;
import org.otfuse.NeuronGroup;
import org.otfuse.Producer;
import org.otfuse.TensorLayout;
import org.otfuse.TensorLayout.Axis;
import org.otfuse.TensorLayout.Segment;
import org.otfuse.TensorLayout.Slab;
import org.otfuse.models.OnnxModel;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code otfuse inspect}: the neuron groups of a model. */
@Command(
    name = "inspect",
    description = "Shows the neuron groups of a model and the tensor axes that they index.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class InspectCommand implements Callable<Integer> {
  /** The keys of the JSON object. */
  private record Inspection(
      String model, long parameters, List<Group> groups, List<String> warnings) {}

  /** One neuron group; pinned is the reason, null if the group may move. */
  private record Group(
      String name, int size, String pinned, List<String> producers, List<Use> axes) {}

  /** One axis that the group indexes, from index {@code first} on, in blocks. */
  private record Use(
      String tensor, List<Integer> shape, int axis, int first, int block, String role) {}

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "MODEL", description = "An ONNX file.")
  private Path model;

  @Option(names = "--json", description = "Print the groups as one JSON object.")
  private boolean json;

  InspectCommand() {}

  @Override
  public Integer call() {
    OnnxModel file = OnnxModel.read(model);
    Inspection inspection = inspect(file.model().name(), file.model().architecture());
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      Json.print(out, inspection);
    } else {
      print(inspection, out);
    }
    return Main.OK;
  }

  private static Inspection inspect(String name, Architecture architecture) {
    List<List<Use>> uses = new ArrayList<>();
    architecture.groups().forEach(group -> uses.add(new ArrayList<>()));
    long parameters = 0;
    for (TensorLayout tensor : architecture.tensors()) {
      parameters += tensor.length();
      collect(tensor, uses);
    }
    List<Group> groups = new ArrayList<>();
    for (int g = 0; g < uses.size(); g++) {
      NeuronGroup group = architecture.groups().get(g);
      List<String> producers = group.producers().stream().map(Producer::node).toList();
      groups.add(
          new Group(
              group.name(), group.size(), group.pinned().orElse(null), producers, uses.get(g)));
    }
    return new Inspection(name, parameters, groups, architecture.warnings());
  }

  private static void collect(TensorLayout tensor, List<List<Use>> uses) {
    int row = 0;
    for (Slab slab : tensor.slabs()) {
      for (int a = 0; a < slab.axes().size(); a++) {
        Axis axis = slab.axes().get(a);
        int first = a == 0 ? row : 0;
        for (Segment segment : axis.segments()) {
          if (segment.group() != Segment.PLAIN) {
            String role = axis.role().name().toLowerCase(Locale.ROOT);
            uses.get(segment.group())
                .add(new Use(tensor.name(), tensor.shape(), a, first, segment.block(), role));
          }
          first += segment.size();
        }
      }
      row += slab.axes().isEmpty() ? 0 : slab.axes().get(0).size();
    }
  }

  private static void print(Inspection inspection, PrintWriter out) {
    out.printf(
        "%s: %d parameters, %d neuron groups%n%n",
        OneLine.of(inspection.model), inspection.parameters, inspection.groups.size());
    for (Group group : inspection.groups) {
      out.printf(
          "%s: %d neurons, %s%n",
          OneLine.of(group.name),
          group.size,
          group.pinned == null ? "may move" : "pinned: " + OneLine.of(group.pinned));
      for (Use use : group.axes) {
        String from = use.first == 0 ? "" : " from " + use.first;
        String block = use.block == 1 ? "" : " in blocks of " + use.block;
        out.printf(
            "    axis %d of %s %s (%s)%s%s%n",
            use.axis, OneLine.of(use.tensor), use.shape, use.role, from, block);
      }
    }
    inspection.warnings.forEach(warning -> out.println("warning: " + OneLine.of(warning)));
    out.flush();
  }
}
