package org.otfuse.dist;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Unpacks the archive outside the checkout and runs it with nothing but Java at hand. */
@DisabledOnOs(OS.WINDOWS)
class ArchiveTest {
  private static final String ARCHIVE = System.getProperty("otfuse.archive");
  private static final Path DEMO =
      Path.of("../cli/src/main/resources/org/otfuse/cli/demo").toAbsolutePath();
  private static final Path JAVA_HOME = Path.of(System.getProperty("java.home"));
  private static final String SYSTEM_PATH = "/usr/bin:/bin";

  @TempDir static Path temporary;
  private static Path home;
  private static Path launcher;

  private record Outcome(int status, String out, String err) {}

  @BeforeAll
  static void unpack() throws Exception {
    Path folder = Files.createDirectory(temporary.resolve("a folder"));
    assertEquals(
        0,
        new ProcessBuilder("tar", "-xzf", ARCHIVE + ".tar.gz", "-C", folder.toString())
            .inheritIO()
            .start()
            .waitFor());
    home = folder.resolve(Path.of(ARCHIVE).getFileName());
    launcher = home.resolve("bin/otfuse");
  }

  private static Outcome run(Map<String, String> environment, Path program, String... arguments)
      throws Exception {
    List<String> command = new ArrayList<>(List.of(program.toString()));
    command.addAll(List.of(arguments));
    Path out = temporary.resolve("out");
    Path err = temporary.resolve("err");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(temporary.toFile())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile());
    builder.environment().clear();
    builder.environment().putAll(environment);
    int status = builder.start().waitFor();
    return new Outcome(status, Files.readString(out), Files.readString(err));
  }

  private static Path fakeJava(String version) throws IOException {
    Path bin = Files.createDirectories(temporary.resolve("java " + version + "/bin"));
    Path java = bin.resolve("java");
    Files.writeString(java, "#!/bin/sh\necho 'openjdk version \"" + version + "\" LTS' >&2\n");
    assertTrue(java.toFile().setExecutable(true));
    return bin.getParent();
  }

  @Test
  void runsFromAFolderWithASpaceWithTheJavaOnThePath() throws Exception {
    Map<String, String> environment = Map.of("PATH", JAVA_HOME.resolve("bin") + ":" + SYSTEM_PATH);
    Outcome outcome = run(environment, launcher, "--version");
    assertEquals("", outcome.err());
    assertEquals(0, outcome.status());
    assertTrue(outcome.out().startsWith("otfuse "), outcome.out());
  }

  @Test
  void fusesThroughAChainOfSymbolicLinksWithTheJavaOfJavaHome() throws Exception {
    Path links = Files.createDirectory(temporary.resolve("links"));
    Files.createSymbolicLink(links.resolve("first"), links.relativize(launcher));
    Files.createSymbolicLink(links.resolve("otfuse"), Path.of("first"));
    Outcome outcome =
        run(
            Map.of("PATH", SYSTEM_PATH, "JAVA_HOME", JAVA_HOME.toString()),
            links.resolve("otfuse"),
            "fuse",
            DEMO.resolve("fashion-mlp-a.onnx").toString(),
            DEMO.resolve("fashion-mlp-b.onnx").toString(),
            "-o",
            "fused model.onnx");
    assertEquals(0, outcome.status(), outcome.err());
    assertEquals(
        Files.size(DEMO.resolve("fashion-mlp-a.onnx")),
        Files.size(temporary.resolve("fused model.onnx")));
  }

  @Test
  void handsTheJvmItsOptions() throws Exception {
    Outcome outcome =
        run(
            Map.of(
                "PATH",
                SYSTEM_PATH,
                "JAVA_HOME",
                JAVA_HOME.toString(),
                "OTFUSE_JAVA_OPTIONS",
                "-Xmx64m --version"),
            launcher);
    assertEquals(0, outcome.status(), outcome.err());
    assertTrue(outcome.out().contains(System.getProperty("java.version")), outcome.out());
  }

  @Test
  void refusesOlderJavaInOneSentence() throws Exception {
    for (String version : List.of("1.8.0_402", "11.0.2")) {
      Path fake = fakeJava(version);
      Outcome outcome =
          run(Map.of("PATH", SYSTEM_PATH, "JAVA_HOME", fake.toString()), launcher, "--version");
      assertEquals(1, outcome.status());
      assertEquals(
          "otfuse: %s/bin/java is older than Java 17, expected Java 17 or newer in JAVA_HOME or on the PATH.\n"
              .formatted(fake),
          outcome.err());
    }
  }

  @Test
  void saysWhereItLookedForJava() throws Exception {
    Outcome outcome =
        run(Map.of("PATH", SYSTEM_PATH, "JAVA_HOME", "/nowhere"), launcher, "--version");
    assertEquals(1, outcome.status());
    assertEquals(
        "otfuse: /nowhere/bin/java was not found, expected Java 17 or newer in JAVA_HOME or on the PATH.\n",
        outcome.err());
  }

  @Test
  void bringsLicenceAndReadmeInBothFormats() throws Exception {
    TreeSet<String> unpacked = new TreeSet<>();
    try (Stream<Path> files = Files.walk(home)) {
      files.filter(Files::isRegularFile).forEach(file -> unpacked.add(relative(file)));
    }
    TreeSet<String> zipped = new TreeSet<>();
    try (ZipFile zip = new ZipFile(ARCHIVE + ".zip")) {
      zip.stream()
          .filter(entry -> !entry.isDirectory())
          .forEach(entry -> zipped.add(entry.getName()));
    }
    assertEquals(unpacked, zipped);
    assertTrue(
        unpacked.containsAll(List.of(name("LICENSE"), name("README.md"))), unpacked::toString);
  }

  private static String relative(Path file) {
    return name(home.relativize(file).toString());
  }

  private static String name(String inside) {
    return home.getFileName() + "/" + inside;
  }
}
