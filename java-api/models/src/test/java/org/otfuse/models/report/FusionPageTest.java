package org.otfuse.models.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.otfuse.FeatureKind;
import org.otfuse.FusionOptions;
import org.otfuse.GroupReport;
import org.otfuse.TransportReport;
import org.otfuse.models.OnnxFusionResult;
import org.otfuse.models.OnnxModel;
import org.otfuse.models.TestFiles;
import org.otfuse.models.closedform.CorrectionKind;
import org.otfuse.models.closedform.MergeKind;
import org.otfuse.models.closedform.Strategy;

class FusionPageTest {
  private static GroupReport group(String name, TransportReport transport) {
    return new GroupReport(1, name, 400, 400, "sinkhorn", transport, 0);
  }

  @Test
  void couplingsThatDidNotConvergeAreWarnedOf() {
    OnnxModel model = OnnxModel.read(TestFiles.path("fashion-mlp-a.onnx"));
    OnnxFusionResult.Parent parent = new OnnxFusionResult.Parent("a", 1, 4);
    OnnxFusionResult result =
        new OnnxFusionResult(
            model,
            new OnnxFusionResult.Asked(false, false, Optional.empty(), Optional.empty(), 200, 0),
            List.of(parent, parent),
            0,
            List.of(0.5, 0.5),
            new Strategy(MergeKind.TRANSPORT, CorrectionKind.NONE),
            FeatureKind.WEIGHTS,
            FusionOptions.DEFAULTS,
            List.of(
                group("first", new TransportReport(1, 12, 0, 0, true)),
                group("second", new TransportReport(1, 10_000, 0.25, 0, false))),
            List.of(),
            List.of(),
            Optional.empty(),
            new OnnxFusionResult.Seconds(0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
            new OnnxFusionResult.Worker("java", "17", "2 threads"),
            List.of("a < b"));
    String page = new FusionPage().html(result, "fused");
    assertEquals(
        List.of(
            "a &lt; b",
            "The coupling of second of model 1 did not converge in 10,000 iterations; violation"
                + " 0.2500."),
        Pattern.compile("<li>(.*?)</li>")
            .matcher(page)
            .results()
            .map(item -> item.group(1))
            .toList());
  }
}
