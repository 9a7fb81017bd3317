package example;

import java.util.List;
import java.util.stream.IntStream;
import org.otfuse.AlignmentOptions;
import org.otfuse.FusionAccumulator;
import org.otfuse.FusionEngine;
import org.otfuse.Model;

/**
 * Fuses the networks of twenty clients on servers that each see only some of them: a server aligns
 * its clients' networks with the anchor, one at a time, and sends the sum on as bytes.
 */
public final class TwentyClients {
  private static final int CLIENTS = 20;

  private TwentyClients() {}

  /** The networks of all clients; the first is the anchor. */
  static List<Model> networks() {
    return IntStream.range(0, CLIENTS)
        .mapToObj(client -> Networks.random("client " + client, client))
        .toList();
  }

  /** What one server does: the partial sum of its clients, as bytes. */
  static byte[] serve(FusionEngine engine, Model anchor, List<Model> clients) {
    FusionAccumulator sum = FusionAccumulator.of(anchor);
    for (Model client : clients) {
      Model aligned = engine.align(client, anchor, AlignmentOptions.DEFAULTS).model();
      sum.add(aligned, 1.0 / CLIENTS);
    }
    return sum.toBytes();
  }

  /** What the last server does: the fused network, the same bits in whatever order sums arrive. */
  static Model merge(Model anchor, List<byte[]> sums) {
    FusionAccumulator total = FusionAccumulator.of(anchor);
    sums.forEach(sum -> total.merge(FusionAccumulator.fromBytes(sum, anchor)));
    return total.finish();
  }

  /** Two servers, with twelve clients and eight. */
  public static void main(String[] arguments) {
    List<Model> networks = networks();
    Model anchor = networks.get(0);
    try (FusionEngine engine = FusionEngine.open()) {
      byte[] first = serve(engine, anchor, networks.subList(0, 12));
      byte[] second = serve(engine, anchor, networks.subList(12, CLIENTS));
      Model fused = merge(anchor, List.of(first, second));
      System.out.println("Fused " + CLIENTS + " networks onto " + fused.name() + ".");
    }
  }
}
