package org.otfuse.benchmarks;

import static org.otfuse.benchmarks.AssignmentSuite.Kind.CORRELATED;
import static org.otfuse.benchmarks.AssignmentSuite.Kind.RANDOM;
import static org.otfuse.benchmarks.AverageSuite.Map.HARD;
import static org.otfuse.benchmarks.AverageSuite.Map.SOFT;
import static org.otfuse.benchmarks.Network.MLP;
import static org.otfuse.benchmarks.Network.RESNET18;
import static org.otfuse.benchmarks.Network.VGG11;
import static org.otfuse.benchmarks.Network.WIDE_MLP;
import static org.otfuse.benchmarks.Transfer.INCLUDED;

import java.util.ArrayList;
import java.util.List;
import org.otfuse.FeatureKind;
import org.otfuse.Solver;

/**
 * What a mode runs and for how long. A round runs each case once on each back end, in a JVM of its
 * own, so that whatever changes about the machine over time touches all back ends alike; rounds are
 * the samples that intervals come from.
 *
 * @param cases in order
 * @param rounds JVMs for each case and back end
 * @param warmUps iterations before those that count
 * @param iterations iterations that count
 * @param milliseconds least length of an iteration
 */
record Mode(List<Case> cases, int rounds, int warmUps, int iterations, int milliseconds) {
  /** Each suite at one small size: a good minute a round on two cores. */
  static Mode quick() {
    List<Case> cases =
        List.of(
            Case.of("LimitsSuite.limits"),
            cost(512, 576, 1),
            sinkhorn(512, 1),
            sinkhorn(256, 32),
            Case.of("AssignmentSuite.assign", "n", 256, "batch", 4, "kind", CORRELATED),
            average(1, 2, HARD),
            average(1, 2, SOFT),
            fusion(MLP, FeatureKind.WEIGHTS, Solver.EXACT),
            fusion(MLP, FeatureKind.ACTIVATIONS, Solver.SINKHORN),
            plan(MLP),
            file("read", FileSuite.Contents.MLP),
            file("write", FileSuite.Contents.MLP));
    return new Mode(cases, 2, 2, 3, 100);
  }

  /** Everything: a few hours. */
  static Mode full() {
    List<Case> cases = new ArrayList<>();
    cases.add(Case.of("LimitsSuite.limits"));
    for (int n = 64; n <= 2048; n *= 2) {
      cases.add(cost(n, 2304, 1));
    }
    for (int d : new int[] {64, 576, 4608}) {
      cases.add(cost(512, d, 1));
    }
    for (int batch : new int[] {1, 16, 256}) {
      cases.add(cost(64, 576, batch));
    }
    cases.add(transferred(cost(512, 2304, 1)));
    cases.add(transferred(cost(2048, 2304, 1)));
    for (int n = 128; n <= 2048; n *= 2) {
      cases.add(sinkhorn(n, 1));
    }
    cases.add(sinkhorn(512, 16));
    cases.add(sinkhorn(512, 256));
    cases.add(transferred(sinkhorn(512, 1)));
    for (AssignmentSuite.Kind kind : AssignmentSuite.Kind.values()) {
      for (int n = 128; n <= 2048; n *= 2) {
        cases.add(assignment(n, 1, kind));
      }
    }
    cases.add(assignment(512, 8, RANDOM));
    for (AverageSuite.Map map : AverageSuite.Map.values()) {
      for (int millions : new int[] {1, 10, 100}) {
        cases.add(average(millions, 2, map));
      }
      cases.add(average(10, 8, map));
    }
    cases.add(transferred(average(10, 2, HARD)));
    for (Network network : Network.values()) {
      cases.add(fusion(network, FeatureKind.WEIGHTS, Solver.EXACT));
      cases.add(fusion(network, FeatureKind.WEIGHTS, Solver.SINKHORN));
      cases.add(plan(network));
    }
    for (Network network : new Network[] {VGG11, RESNET18}) {
      cases.add(fusion(network, FeatureKind.ACTIVATIONS, Solver.EXACT));
      cases.add(fusion(network, FeatureKind.ACTIVATIONS, Solver.SINKHORN));
    }
    for (FileSuite.Contents contents : FileSuite.Contents.values()) {
      cases.add(file("read", contents));
      cases.add(file("write", contents));
    }
    return new Mode(cases, 5, 3, 5, 1000);
  }

  /** Sizes that fill a device, with and without the way there. */
  static Mode gpu() {
    List<Case> cases = new ArrayList<>();
    cases.add(Case.of("LimitsSuite.limits"));
    for (Case sizes :
        List.of(
            cost(512, 2304, 64),
            cost(2048, 4608, 4),
            sinkhorn(2048, 1),
            sinkhorn(512, 256),
            average(100, 2, HARD),
            average(100, 2, SOFT))) {
      cases.add(sizes);
      cases.add(transferred(sizes));
    }
    cases.add(assignment(512, 64, CORRELATED));
    for (Network network : new Network[] {WIDE_MLP, VGG11, RESNET18}) {
      cases.add(fusion(network, FeatureKind.WEIGHTS, Solver.EXACT));
      cases.add(fusion(network, FeatureKind.ACTIVATIONS, Solver.SINKHORN));
      cases.add(plan(network));
    }
    return new Mode(cases, 5, 3, 5, 1000);
  }

  private static Case cost(int n, int d, int batch) {
    return Case.of("CostSuite.cost", "n", n, "d", d, "batch", batch);
  }

  private static Case sinkhorn(int n, int batch) {
    return Case.of("SinkhornSuite.sinkhorn", "n", n, "batch", batch);
  }

  private static Case assignment(int n, int batch, AssignmentSuite.Kind kind) {
    return Case.of("AssignmentSuite.assign", "n", n, "batch", batch, "kind", kind);
  }

  private static Case average(int millions, int models, AverageSuite.Map map) {
    return Case.of("AverageSuite.average", "millions", millions, "models", models, "map", map);
  }

  private static Case fusion(Network network, FeatureKind features, Solver solver) {
    return Case.of("FusionSuite.fuse", "network", network, "features", features, "solver", solver);
  }

  private static Case plan(Network network) {
    return Case.of("PlanSuite.fuse", "network", network);
  }

  private static Case file(String what, FileSuite.Contents contents) {
    return Case.of("FileSuite." + what, "contents", contents);
  }

  private static Case transferred(Case resident) {
    Case with = Case.of(resident.benchmark(), "transfer", INCLUDED);
    with.parameters().putAll(resident.parameters());
    return with;
  }
}
