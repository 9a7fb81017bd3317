package org.otfuse.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What the command line says about itself, and of words that it does not know. */
class HelpTest {
  @TempDir private Path folder;

  static List<String> commands() {
    return List.copyOf(Main.commandLine().getSubcommands().keySet());
  }

  @ParameterizedTest
  @MethodSource("commands")
  void helpOfACommandIsWhatTheCommandShows(String command) {
    CommandRun help = CommandRun.of("help", command);
    assertEquals(0, help.status(), help.err());
    assertEquals(CommandRun.of(command, "--help").out(), help.out());
    help.out()
        .lines()
        .forEach(line -> assertTrue(line.length() < 80, command + " wraps twice: " + line));
  }

  @Test
  void everyCommandIsSummedUpInWholeSentences() {
    String help = CommandRun.of("--help").out();
    String list = help.substring(help.indexOf("Commands:"), help.indexOf("Exit status"));
    String[] summaries = list.replaceAll("\n {5,}", " ").strip().split("\n");
    assertEquals(commands().size() + 1, summaries.length, list);
    for (int i = 1; i < summaries.length; i++) {
      assertTrue(summaries[i].endsWith("."), summaries[i]);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "melt | Unknown command 'melt'. | otfuse",
        "fues a b | Unknown command 'fues'; did you mean 'fuse'? | otfuse",
        "compair | Unknown command 'compair'; did you mean 'compare'? | otfuse",
        "fuse a b -o c --epsilom=1 | Unknown option '--epsilom'; did you mean '--epsilon'? | otfuse"
            + " fuse",
        "fuse a b -o c --calibraton d | Unknown option '--calibraton'; did you mean"
            + " '--calibration'? | otfuse fuse",
        "fuse a b -o c --zzz | Unknown option '--zzz'. | otfuse fuse",
        "evaluate a b --data c | Unexpected argument 'b'. | otfuse evaluate",
        "fuse a b -o c --solver sinkhron | Invalid value for option '--solver': expected one of"
            + " exact, sinkhorn, identity but was 'sinkhron'; did you mean 'sinkhorn'? | otfuse fuse",
      })
  void aWordThatIsNotKnownIsNamedWithWhatMayBeMeant(String words, String sentence, String tried) {
    CommandRun run = CommandRun.of((Object[]) words.split(" "));
    assertEquals("otfuse: %s\nTry '%s --help'.\n".formatted(sentence, tried), run.err());
    assertEquals(2, run.status());
  }

  @Test
  void standardOutputIsNoFile() throws IOException {
    Path a = TinyModel.mlp(folder.resolve("a.onnx"), 1, 3, 5, 2);
    CommandRun run = CommandRun.of("fuse", a, a, "-o", "-");
    assertEquals(
        "otfuse: --output - asks for standard output, expected the name of a file.\n", run.err());
    assertEquals(2, run.status());
    assertFalse(Files.exists(Path.of("-")));
  }

  @Test
  void argumentsMayComeFromAFile() throws IOException {
    Path a = TinyModel.mlp(folder.resolve("a.onnx"), 1, 3, 5, 2);
    Path b = TinyModel.mlp(folder.resolve("b.onnx"), 2, 3, 5, 2);
    Path output = folder.resolve("a folder").resolve("fused.onnx");
    Files.createDirectory(output.getParent());
    Path options =
        Files.writeString(
            folder.resolve("options"),
            """
            # how this project fuses
            --metric cosine --anchor 1
            --backend java --json
            -o "%s"
            """
                .formatted(output.toString().replace("\\", "\\\\")));
    assertEquals(1, CommandRun.of("fuse", a, b, "@" + options).json().get("anchor").getAsInt());
    assertTrue(Files.exists(output));
    CommandRun later = CommandRun.of("fuse", a, b, "@" + options, "--metric", "euclidean");
    assertEquals(2, later.status());
    assertTrue(CommandRun.of("--help").out().contains("@FILE stands for"));
  }

  @Test
  void weightsInsideAnIfAreShownByInspectAndWarnedOfByFuse() throws IOException {
    Path a = TinyModel.branched(folder.resolve("a.onnx"), 1);
    Path b = TinyModel.branched(folder.resolve("b.onnx"), 2);
    CommandRun fused =
        CommandRun.of("fuse", a, b, "-o", folder.resolve("f.onnx"), "--solver", "identity");
    assertEquals(0, fused.status(), fused.err());
    for (CommandRun run : List.of(CommandRun.of("inspect", a), fused)) {
      for (String branch : List.of("then_branch", "else_branch")) {
        String warning =
            "warning: Weights inside node branch stay as they are in the anchor: %s.weight."
                .formatted(branch);
        assertTrue(run.out().contains(warning), run.out());
      }
    }
  }

  @Test
  void completionKnowsCommandsOptionsAndTheirValues() {
    CommandRun run = CommandRun.of("completion");
    assertEquals(0, run.status());
    assertTrue(run.out().startsWith("#!"), run.out());
    for (String word : List.of("compare", "--min-aligned", "sinkhorn", "repair", "sqeuclidean")) {
      assertTrue(run.out().contains(word), word);
    }
    assertFalse(run.out().contains("SINKHORN"));
    assertFalse(run.out().contains("TRANSPORT"));
  }

  @Test
  void thereIsAPageForEveryCommandWithItsOptions() throws IOException {
    Manual.main(new String[] {folder.toString()});
    for (Map.Entry<String, String> page : Manual.pages().entrySet()) {
      assertEquals(
          page.getValue(), Files.readString(folder.resolve("man/man1").resolve(page.getKey())));
    }
    assertEquals(
        Manual.completion(), Files.readString(folder.resolve("completion").resolve("otfuse")));
    assertEquals(commands().size() + 1, Manual.pages().size());
    String fuse = Manual.pages().get("otfuse-fuse.1");
    for (String part :
        List.of(
            ".TH OTFUSE-FUSE 1 ",
            "otfuse\\-fuse \\- Fuses models into one file.",
            "\\fB\\-o\\fR, \\fB\\-\\-output\\fR=\\fIFUSED\\fR\n",
            "\\fB\\-\\-sweeps\\fR=\\fIN\\fR\n",
            "default 0.",
            "Exit status: 0 done")) {
      assertTrue(fuse.contains(part), part + " in " + fuse);
    }
    assertFalse(fuse.contains("${"), fuse);
    assertTrue(Manual.pages().get("otfuse.1").contains("\\fBotfuse\\-compare\\fR(1)\n"));
  }
}
