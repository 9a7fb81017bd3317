package org.otfuse.models.report;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.otfuse.Coupling;
import org.otfuse.FusionListener;
import org.otfuse.GroupReport;
import org.otfuse.models.OnnxFusionResult;
import org.otfuse.models.file.AtomicFile;

/**
 * A fusion as one HTML page for a browser, with no script and nothing that is not in the file:
 * accuracy, warnings, how each group of neurons was aligned or selected, couplings as pictures,
 * time and options. It draws the couplings that it hears of. Not thread-safe.
 *
 * <pre>{@code
 * FusionPage page = new FusionPage();
 * OnnxFusionResult result = OnnxFusion.of(a, b).listener(page).fuse(engine);
 * page.write(result, Path.of("report.html"));
 * }</pre>
 */
public final class FusionPage implements FusionListener {
  private final CouplingPictures pictures = new CouplingPictures();
  private final Map<String, String> versions = new LinkedHashMap<>();
  private Optional<String> command = Optional.empty();

  /** A page about one fusion. */
  public FusionPage() {}

  @Override
  public void coupled(GroupReport report, Supplier<Coupling> coupling) {
    pictures.add(report, coupling.get());
  }

  /**
   * Adds a version to those that the page lists.
   *
   * @param program what it is the version of
   * @param version in words
   * @return this
   */
  public FusionPage version(String program, String version) {
    versions.put(program, version);
    return this;
  }

  /**
   * Says how to do the same again.
   *
   * @param words a command line
   * @return this
   */
  public FusionPage command(String words) {
    command = Optional.of(words);
    return this;
  }

  /**
   * The page as text.
   *
   * @param result of the fusion that this listened to
   * @param title what the page calls the fused model
   * @return the page, well-formed as HTML and as XML
   */
  public String html(OnnxFusionResult result, String title) {
    return new PageBody(result, title, pictures, versions, command).text();
  }

  /**
   * Writes the fused model and the page before either appears, so that a disk that is full leaves
   * neither.
   *
   * @param result of the fusion that this listened to
   * @param model the model's file; it is replaced if it exists
   * @param file the page; it is replaced if it exists
   * @return the same result with the time that writing the model took
   * @throws org.otfuse.InvalidInputException if one of them cannot be written
   */
  public OnnxFusionResult writeBoth(OnnxFusionResult result, Path model, Path file) {
    long start = System.nanoTime();
    try (AtomicFile.Prepared written = result.model().prepare(model)) {
      OnnxFusionResult timed = result.withWriting((System.nanoTime() - start) / 1e9);
      byte[] text =
          html(timed, String.valueOf(model.getFileName())).getBytes(StandardCharsets.UTF_8);
      try (AtomicFile.Prepared shown = AtomicFile.prepare(file, out -> out.write(text))) {
        AtomicFile.commit(written, shown);
      }
      return timed;
    }
  }

  /**
   * Writes the page as a whole or not at all.
   *
   * @param result of the fusion that this listened to
   * @param file the page; it is replaced if it exists
   * @throws org.otfuse.InvalidInputException if it cannot be written
   */
  public void write(OnnxFusionResult result, Path file) {
    byte[] text = html(result, result.model().model().name()).getBytes(StandardCharsets.UTF_8);
    AtomicFile.write(file, out -> out.write(text));
  }
}
