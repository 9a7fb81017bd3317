package org.otfuse.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.otfuse.BackendChoice;
import org.otfuse.FeatureKind;
import org.otfuse.FusionEngine;
import org.otfuse.FusionOptions;
import org.otfuse.NeuronGroup;
import org.otfuse.models.OnnxModel;
import org.otfuse.models.closedform.Strategy;
import org.otfuse.spi.NeuronMap;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

class ReportPageTest extends TwoMlps {
  private static final String ODD_NAME = "a<b>&\"c'.onnx";

  private Path page;

  @BeforeEach
  void choosePage() {
    page = folder.resolve("report.html");
  }

  private CommandRun fuse(Object... options) {
    List<Object> arguments = new ArrayList<>(List.of("fuse", "-o", fused, "--backend", "java"));
    arguments.addAll(Arrays.asList(options));
    return CommandRun.of(arguments.toArray());
  }

  private JsonObject reported(Object... options) {
    List<Object> arguments = new ArrayList<>(Arrays.asList(options));
    arguments.addAll(List.of("--report", page, "--json"));
    return fuse(arguments.toArray()).json();
  }

  /** Fails unless the page is well-formed. */
  private static Document parsed(String text) {
    try {
      return DocumentBuilderFactory.newInstance()
          .newDocumentBuilder()
          .parse(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
    } catch (Exception e) {
      throw new AssertionError(text, e);
    }
  }

  private Document document() throws IOException {
    return parsed(Files.readString(page));
  }

  private static List<Element> elements(Document document, String tag) {
    NodeList nodes = document.getElementsByTagName(tag);
    List<Element> elements = new ArrayList<>();
    for (int i = 0; i < nodes.getLength(); i++) {
      elements.add((Element) nodes.item(i));
    }
    return elements;
  }

  private static List<String> rowTitles(Document document) {
    return elements(document, "th").stream()
        .filter(th -> th.getAttribute("scope").equals("row"))
        .map(Element::getTextContent)
        .toList();
  }

  /** The bars of one kind: labels, widths in percent, and values in words. */
  private record Bar(String label, double width, String value) {}

  private static List<Bar> bars(Document document, String name) {
    List<Bar> bars = new ArrayList<>();
    for (Element row : elements(document, "tr")) {
      Element table = (Element) row.getParentNode().getParentNode();
      if (table.getAttribute("aria-label").equals(name)) {
        String width = ((Element) row.getElementsByTagName("rect").item(0)).getAttribute("width");
        bars.add(
            new Bar(
                row.getElementsByTagName("th").item(0).getTextContent(),
                Double.parseDouble(width.substring(0, width.length() - 1)),
                row.getElementsByTagName("td").item(1).getTextContent()));
      }
    }
    return bars;
  }

  @Test
  void everyGroupOfEveryModelHasARow() throws IOException {
    Path copy = Shuffled.of(a, folder.resolve("copy.onnx")).file();
    reported(a, b, copy, "--anchor", "1");
    List<String> titles = rowTitles(document());
    for (NeuronGroup group : OnnxModel.read(a).model().architecture().groups()) {
      long rows = titles.stream().filter(title -> title.equals(group.name())).count();
      assertEquals(group.pinned().isPresent() ? 1 : 2, rows, group.name() + titles);
    }
  }

  @Test
  void everyPictureHasWordsAndNothingComesFromElsewhere() throws IOException {
    reported(a, b, "--test", CommandRun.file(folder, "fashion-test.npz"));
    Document document = document();
    String rest =
        Files.readString(page)
            .replace("xmlns=\"http://www.w3.org/1999/xhtml\"", "")
            .replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
    assertFalse(rest.contains("://"), rest);
    assertFalse(rest.contains("url("), rest);
    for (String tag : List.of("script", "link", "iframe", "object", "a")) {
      assertEquals(List.of(), elements(document, tag));
    }
    List<Element> images = elements(document, "img");
    assertEquals(3, images.size());
    for (Element image : images) {
      assertTrue(image.getAttribute("src").startsWith("data:image/png;base64,"));
      assertTrue(image.getAttribute("alt").startsWith("Heat map of the coupling of /fc."));
    }
    String style = elements(document, "style").get(0).getTextContent();
    assertTrue(rest.contains("<style>" + style + "</style>"), "browsers take a style as it stands");
    for (Element svg : elements(document, "svg")) {
      assertFalse(svg.getElementsByTagName("title").item(0).getTextContent().isEmpty());
    }
  }

  @Test
  void barsShowTheNumbersOfTheJsonReport() throws IOException {
    JsonObject report = reported(a, b, "--test", CommandRun.file(folder, "fashion-test.npz"));
    JsonObject accuracy = report.getAsJsonObject("accuracy");
    List<Double> expected =
        List.of(
            accuracy.getAsJsonArray("models").get(0).getAsDouble(),
            accuracy.getAsJsonArray("models").get(1).getAsDouble(),
            accuracy.get("vanilla").getAsDouble(),
            accuracy.get("fused").getAsDouble(),
            accuracy.get("ensemble").getAsDouble());
    List<Bar> bars = bars(document(), "accuracy");
    assertEquals(expected, bars.stream().map(Bar::width).toList());
    for (int i = 0; i < bars.size(); i++) {
      String value = bars.get(i).value;
      assertEquals(
          expected.get(i), Double.parseDouble(value.substring(0, value.length() - 2)), 0.0051);
    }
    JsonObject seconds = report.getAsJsonObject("seconds");
    List<String> stages = new ArrayList<>(seconds.keySet());
    stages.remove("total");
    assertEquals(
        stages.stream()
            .map(stage -> String.format(Locale.ROOT, "%.3f s", seconds.get(stage).getAsDouble()))
            .toList(),
        bars(document(), "time").stream().map(Bar::value).toList());
  }

  @Test
  void modelsOfDifferentWidthsHaveNoBarForThePlainAverageAndNoIdentityCost() throws IOException {
    Path wide = CommandRun.file(folder, "fashion-mlp-wide.onnx");
    reported(wide, b, "--anchor", "1", "--test", CommandRun.file(folder, "fashion-test.npz"));
    Document document = document();
    assertEquals(4, bars(document, "accuracy").size());
    Element row =
        elements(document, "tr").stream()
            .filter(tr -> tr.getTextContent().contains("800 to 400"))
            .findFirst()
            .orElseThrow();
    assertEquals("–", row.getElementsByTagName("td").item(4).getTextContent());
    assertEquals("–", row.getElementsByTagName("td").item(5).getTextContent());
  }

  @Test
  void theHeatMapOfAShuffledCopyIsThePermutation() throws IOException {
    Shuffled copy = Shuffled.of(a, folder.resolve("copy.onnx"));
    reported(a, copy.file());
    String address = elements(document(), "img").get(2).getAttribute("src");
    byte[] png = Base64.getDecoder().decode(address.substring(address.indexOf(',') + 1));
    BufferedImage image = ImageIO.read(new ByteArrayInputStream(png));
    int[] source = ((NeuronMap.Hard) copy.maps().get(2)).source();
    assertEquals(100, image.getWidth());
    assertEquals(100, image.getHeight());
    for (int y = 0; y < 100; y++) {
      for (int x = 0; x < 100; x++) {
        int expected = source[y] == x ? 0x0B2F6B : 0xFFFFFF;
        assertEquals(expected, image.getRGB(x, y) & 0xFFFFFF, "row " + y + ", column " + x);
      }
    }
  }

  @Test
  void withoutCouplingsThereAreNoPictures() throws IOException {
    reported(a, b, "--solver", "identity");
    assertEquals(List.of(), elements(document(), "img"));
    assertTrue(rowTitles(document()).contains("/fc.0/Gemm"));
    assertFalse(Files.readString(page).contains("Couplings"));
  }

  @Test
  void namesAndTheCommandAreEscaped() throws IOException {
    Path odd = Files.copy(a, folder.resolve(ODD_NAME));
    reported(odd, b);
    Document document = document();
    assertTrue(
        elements(document, "td").stream().anyMatch(td -> td.getTextContent().equals(ODD_NAME)));
    String command = elements(document, "code").get(0).getTextContent();
    assertTrue(command.startsWith("otfuse fuse -o " + fused + " --backend java '"), command);
    assertTrue(command.contains("/a<b>&\"c'\\''.onnx' " + b + " --report " + page), command);
  }

  @Test
  void couplingsThatDidNotConvergeAreWarnedOf() {
    FusionRequest request =
        new FusionRequest(
            List.of(a, b),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            AlignmentChoice.DEFAULTS,
            new WeightsChoice(false),
            0,
            Strategy.AUTO,
            BackendChoice.JAVA,
            Optional.empty(),
            0);
    FusionReport report =
        new FusionReport(
            "java",
            0,
            List.of(0.5, 0.5),
            "transport",
            "none",
            new FusionReport.Seconds(0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
            List.of(
                new FusionReport.Group("first", 1, 400, "sinkhorn", 1, 12, 0, true),
                new FusionReport.Group("second", 1, 200, "sinkhorn", 1, 10_000, 0.25, false)),
            List.of(),
            List.of(),
            null,
            List.of("a < b"),
            new AlignedShare(600, 600, 1, List.of()));
    try (FusionEngine engine = FusionEngine.open(BackendChoice.JAVA)) {
      FusionStory story =
          new FusionStory(
              request,
              FusionOptions.DEFAULTS,
              FeatureKind.WEIGHTS,
              FusionInputs.read(request, new CommandFiles()),
              fused,
              new CouplingPictures(),
              engine.backend(),
              List.of("fuse"),
              report);
      Document document = parsed(new ReportPage(story).text());
      assertEquals(
          List.of(
              "a < b",
              "The coupling of second of model 1 did not converge in 10,000 iterations; violation"
                  + " 0.2500."),
          elements(document, "li").stream().map(Element::getTextContent).toList());
    }
  }

  private void refused(String sentence, Object... options) throws IOException {
    CommandRun run = fuse(options);
    assertEquals("otfuse: " + sentence + "\n", run.err());
    assertEquals(2, run.status());
    assertEquals("", run.out());
    try (var files = Files.list(folder)) {
      assertEquals(List.of(a, b), files.sorted().toList());
    }
  }

  @Test
  void withoutAPlaceForThePageThereIsNoModel() throws IOException {
    Path target = folder.resolve("missing").resolve("report.html");
    refused(
        "cannot write %s: the folder %s does not exist.".formatted(target, target.getParent()),
        a,
        b,
        "--report",
        target);
    refused("cannot write %s: it is a folder.".formatted(folder), a, b, "--report", folder);
  }

  @Test
  void withoutThePlaceForTheModelThePageStaysAsItWas() throws IOException {
    Files.writeString(page, "old");
    fused = folder.resolve("missing").resolve("fused.onnx");
    CommandRun run = fuse(a, b, "--report", page);
    assertEquals(2, run.status());
    assertEquals(
        "otfuse: cannot write %s: the folder %s does not exist.\n"
            .formatted(fused, fused.getParent()),
        run.err());
    assertEquals("old", Files.readString(page));
  }
}
