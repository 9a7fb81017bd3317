package org.otfuse.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/**
 * Writes manual pages and a completion script from the commands as picocli knows them, for the
 * build to put into the archive: {@code java -cp otfuse-cli.jar org.otfuse.cli.Manual FOLDER} makes
 * {@code FOLDER/man/man1/otfuse*.1} and {@code FOLDER/completion/otfuse}. The pages are in the man
 * macros themselves: picocli's own generator stops at AsciiDoc, and what makes pages of that is
 * larger than otfuse.
 */
final class Manual {
  private static final String NAME = "otfuse";

  private Manual() {}

  /**
   * Writes all files.
   *
   * @param arguments the folder
   * @throws IOException if it cannot be written
   */
  public static void main(String[] arguments) throws IOException {
    Locale.setDefault(Locale.ROOT);
    Path man = Files.createDirectories(Path.of(arguments[0], "man", "man1"));
    for (Map.Entry<String, String> page : pages().entrySet()) {
      Files.writeString(man.resolve(page.getKey()), page.getValue());
    }
    Path completion = Files.createDirectories(Path.of(arguments[0], "completion"));
    Files.writeString(completion.resolve(NAME), completion());
  }

  /** A script for bash, and for zsh through its bashcompinit. */
  static String completion() {
    CommandLine line = Main.commandLine();
    complete(line);
    return AutoComplete.bash(NAME, line);
  }

  /** Tells picocli the values of options whose label lists them; it would offer the constants. */
  private static void complete(CommandLine line) {
    CommandSpec spec = line.getCommandSpec();
    for (OptionSpec option : List.copyOf(spec.options())) {
      if (option.paramLabel().contains("|")) {
        List<String> values =
            Arrays.stream(option.paramLabel().split("\\|"))
                .filter(value -> value.equals(value.toLowerCase(Locale.ROOT)))
                .toList();
        spec.remove(option);
        spec.addOption(option.toBuilder().completionCandidates(values).build());
      }
    }
    line.getSubcommands().values().forEach(Manual::complete);
  }

  /** The pages by their file names. */
  static Map<String, String> pages() {
    CommandLine root = Main.commandLine();
    Map<String, String> pages = new LinkedHashMap<>();
    pages.put(NAME + ".1", page(root));
    root.getSubcommands().forEach((name, sub) -> pages.put(NAME + "-" + name + ".1", page(sub)));
    return pages;
  }

  /** What a command does, in one sentence. */
  private static String summary(CommandLine line) {
    UsageMessageSpec usage = line.getCommandSpec().usageMessage();
    return String.join(" ", usage.header().length > 0 ? usage.header() : usage.description());
  }

  private static String page(CommandLine line) {
    CommandSpec spec = line.getCommandSpec();
    String name = spec.qualifiedName("-");
    StringBuilder page = new StringBuilder();
    page.append(
        ".TH %s 1 \"\" \"%s\" \"%s\"%n"
            .formatted(name.toUpperCase(Locale.ROOT), new Version().getVersion()[0], NAME));
    section(page, "NAME", escape(name) + " \\- " + escape(summary(line)));
    section(page, "SYNOPSIS", escape(synopsis(line)));
    section(page, "DESCRIPTION", escape(String.join(" ", spec.usageMessage().description())));
    options(page, spec);
    if (!line.getSubcommands().isEmpty()) {
      page.append(".SH COMMANDS\n");
      line.getSubcommands()
          .forEach(
              (sub, command) ->
                  item(page, "\\fB" + escape(NAME + "-" + sub) + "\\fR(1)", summary(command)));
    }
    for (String paragraph : Main.NOTES) {
      page.append(page.indexOf(".SH NOTES") < 0 ? ".SH NOTES\n" : ".PP\n");
      page.append(escape(paragraph)).append('\n');
    }
    return page.toString();
  }

  private static String synopsis(CommandLine line) {
    return new CommandLine.Help(line.getCommandSpec(), Ansi.OFF)
        .synopsis(0)
        .replaceAll("\\s+", " ")
        .strip();
  }

  private static void options(StringBuilder page, CommandSpec spec) {
    page.append(".SH OPTIONS\n");
    for (PositionalParamSpec parameter : spec.positionalParameters()) {
      if (!parameter.hidden()) {
        item(page, "\\fI" + escape(parameter.paramLabel()) + "\\fR", text(parameter.description()));
      }
    }
    for (OptionSpec option : spec.options()) {
      if (!option.hidden()) {
        List<String> names = new ArrayList<>();
        for (String name : option.names()) {
          names.add("\\fB" + escape(name) + "\\fR");
        }
        String value =
            option.arity().max() > 0 ? "=\\fI" + escape(option.paramLabel()) + "\\fR" : "";
        item(page, String.join(", ", names) + value, text(option.description()));
      }
    }
  }

  private static String text(String[] description) {
    return String.join(" ", description);
  }

  private static void section(StringBuilder page, String title, String text) {
    page.append(".SH ").append(title).append('\n').append(text).append('\n');
  }

  private static void item(StringBuilder page, String title, String text) {
    page.append(".TP\n").append(title).append('\n').append(escape(text)).append('\n');
  }

  /** No letter of a text is taken for a macro, and hyphens can be copied. */
  private static String escape(String text) {
    String plain = text.replace("\\", "\\e").replace("-", "\\-");
    return plain.startsWith(".") || plain.startsWith("'") ? "\\&" + plain : plain;
  }
}
