package org.otfuse.cli;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code otfuse completion}: what a shell needs to complete commands and options. */
@Command(
    name = "completion",
    header = "Prints a script that makes bash and zsh complete otfuse's options.",
    description =
        "For this shell: '. <(otfuse completion)'. For all: write the script to"
            + " /etc/bash_completion.d/otfuse.",
    mixinStandardHelpOptions = true)
final class CompletionCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  CompletionCommand() {}

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    out.print(Manual.completion());
    out.flush();
    return Main.OK;
  }
}
