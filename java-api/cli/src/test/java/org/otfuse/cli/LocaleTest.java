package org.otfuse.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The language of the user changes neither what is computed nor how it is written. */
@Tag("long")
class LocaleTest extends TwoMlps {
  private static final String ROOT = "en-US";

  /** Turkish has its own i, German a decimal comma, Arabic in Egypt its own digits. */
  private static final List<String> LOCALES = List.of("tr-TR", "de-DE", "ar-EG");

  private record Outcome(byte[] model, JsonObject report) {}

  private Outcome in(String locale) throws Exception {
    String[] parts = locale.split("-");
    List<String> options = List.of("-Duser.language=" + parts[0], "-Duser.country=" + parts[1]);
    Path target = folder.resolve(locale + ".onnx");
    ChildRun fuse =
        ChildRun.of(
            options,
            "fuse",
            a,
            b,
            "-o",
            target,
            "--backend",
            "java",
            "--solver",
            "sinkhorn",
            "--json");
    assertEquals(0, fuse.status(), fuse.err());
    JsonObject report = JsonParser.parseString(fuse.out()).getAsJsonObject();
    report.remove("seconds");
    return new Outcome(Files.readAllBytes(target), report);
  }

  @Test
  void modelAndReportAreTheSameInEveryLanguage() throws Exception {
    Outcome expected = in(ROOT);
    for (String locale : LOCALES) {
      Outcome found = in(locale);
      assertArrayEquals(expected.model, found.model, locale);
      assertEquals(expected.report, found.report, locale);
    }
  }
}
