package org.otfuse.models;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Writes a target's seeds to a folder, from where Jazzer starts. */
final class FuzzSeeds {
  private FuzzSeeds() {}

  public static void main(String[] arguments) throws IOException {
    FuzzTarget target =
        FuzzTest.targets()
            .filter(t -> t.getClass().getSimpleName().equals(arguments[0]))
            .findFirst()
            .orElseThrow();
    int number = 0;
    for (byte[] seed : target.seeds()) {
      Files.write(Path.of(arguments[1], "seed-" + number++), seed);
    }
  }
}
