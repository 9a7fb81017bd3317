package org.otfuse.models;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.StringWriter;
import java.lang.reflect.InvocationTargetException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.otfuse.BackendChoice;
import org.otfuse.FusionEngine;
import org.otfuse.Model;

/**
 * Every example in the documentation of the public calls compiles and runs. An example may use two
 * models {@code a} and {@code b}, labelled {@code samples}, an open {@code engine}, and the files
 * a.onnx, b.onnx, samples.npz and test.npz, which hold the same.
 */
class ExamplesTest {
  private static final Path SOURCES = Path.of("src/main/java/org/otfuse/models");
  private static final Pattern EXAMPLE =
      Pattern.compile("<pre>\\{@code\\n(.*?)\\n *\\* }</pre>", Pattern.DOTALL);
  private static final Pattern CALL =
      Pattern.compile("^  public static (?!final )[^=;]*\\(", Pattern.MULTILINE);

  /** What a listing of the public calls starts from, beside org.otfuse.models itself. */
  private static final List<String> ROOMS =
      List.of("report/FusionPage.java", "statistics/Statistics.java", "closedform/ClosedForm.java");

  private static final String FRAME =
      """
      import java.nio.file.Path;
      import java.util.*;
      import org.otfuse.*;
      import org.otfuse.models.*;
      import org.otfuse.models.closedform.*;
      import org.otfuse.models.report.*;
      import org.otfuse.models.statistics.*;

      public final class %s {
        public static void run(
            Path folder, FusionEngine engine, OnnxModel a, OnnxModel b, Dataset samples)
            throws Exception {
          new Object() {
            void example() throws Exception {
      %s
            }
          }.example();
        }
      }
      """;

  @TempDir Path folder;

  /** The public types of the library's front, by file. */
  private static Map<String, String> front() throws IOException {
    Map<String, String> sources = new TreeMap<>();
    try (Stream<Path> files = Files.list(SOURCES)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".java")).toList()) {
        sources.put(String.valueOf(file.getFileName()), Files.readString(file));
      }
    }
    for (String room : ROOMS) {
      sources.put(room, Files.readString(SOURCES.resolve(room)));
    }
    return sources;
  }

  private static List<String> examples(String source) {
    return EXAMPLE
        .matcher(source)
        .results()
        .map(found -> found.group(1).replaceAll("(?m)^ *\\* ?", ""))
        .toList();
  }

  @Test
  void everyTypeWithCallsHasAnExample() throws IOException {
    List<String> without = new ArrayList<>();
    front()
        .forEach(
            (file, source) -> {
              boolean calls = source.contains("\npublic ") && CALL.matcher(source).find();
              if ((calls || ROOMS.contains(file)) && examples(source).isEmpty()) {
                without.add(file);
              }
            });
    assertEquals(List.of(), without);
  }

  @Test
  void everyExampleCompilesAndRuns() throws Exception {
    Map<String, String> classes = new TreeMap<>();
    for (Map.Entry<String, String> source : front().entrySet()) {
      List<String> found = examples(source.getValue());
      for (int e = 0; e < found.size(); e++) {
        String name = "Example" + e + "Of" + source.getKey().replaceAll("\\W|java$", "");
        String inFolder = found.get(e).replace("Path.of(\"", "folder.resolve(\"");
        classes.put(name, FRAME.formatted(name, inFolder));
      }
    }
    assertTrue(classes.size() >= ROOMS.size(), classes.keySet().toString());
    compile(classes);
    OnnxModel a = OnnxModel.read(TestFiles.path("fashion-mlp-a.onnx"));
    OnnxModel b = perturbed(a);
    Dataset samples = Dataset.read(TestFiles.path("fashion-200.npz"));
    a.write(folder.resolve("a.onnx"));
    b.write(folder.resolve("b.onnx"));
    samples.write(folder.resolve("samples.npz"));
    samples.write(folder.resolve("test.npz"));
    try (FusionEngine engine = FusionEngine.open(BackendChoice.JAVA);
        URLClassLoader loader = new URLClassLoader(new URL[] {folder.toUri().toURL()})) {
      for (String name : classes.keySet()) {
        try {
          loader
              .loadClass(name)
              .getMethod(
                  "run",
                  Path.class,
                  FusionEngine.class,
                  OnnxModel.class,
                  OnnxModel.class,
                  Dataset.class)
              .invoke(null, folder, engine, a, b, samples);
        } catch (InvocationTargetException e) {
          throw new AssertionError(classes.get(name), e.getCause());
        }
      }
    }
  }

  private void compile(Map<String, String> classes) throws IOException {
    List<Path> files = new ArrayList<>();
    for (Map.Entry<String, String> entry : classes.entrySet()) {
      files.add(Files.writeString(folder.resolve(entry.getKey() + ".java"), entry.getValue()));
    }
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter said = new StringWriter();
    try (StandardJavaFileManager manager = compiler.getStandardFileManager(null, null, null)) {
      boolean right =
          compiler
              .getTask(
                  said,
                  manager,
                  null,
                  List.of(
                      "-proc:none",
                      "-d",
                      folder.toString(),
                      "-cp",
                      System.getProperty(
                          "surefire.test.class.path", System.getProperty("java.class.path"))),
                  null,
                  manager.getJavaFileObjectsFromPaths(files))
              .call();
      assertTrue(right, said.toString());
    }
  }

  /** The same network with other weights. */
  private static OnnxModel perturbed(OnnxModel model) {
    Random random = new Random(1);
    List<FloatBuffer> tensors = new ArrayList<>();
    for (FloatBuffer tensor : model.model().tensors()) {
      float[] values = new float[tensor.remaining()];
      tensor.duplicate().get(values);
      for (int i = 0; i < values.length; i++) {
        values[i] += (float) (0.01 * random.nextGaussian());
      }
      tensors.add(FloatBuffer.wrap(values));
    }
    return model.withTensors(new Model("b", model.model().architecture(), tensors));
  }
}
