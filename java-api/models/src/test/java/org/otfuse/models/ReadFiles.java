package org.otfuse.models;

import java.nio.file.Path;
import org.otfuse.InvalidInputException;
import org.otfuse.UnsupportedModelException;

/**
 * Reads files in a process of its own, whose memory the caller limits, and tells what came of it.
 */
final class ReadFiles {
  private ReadFiles() {}

  public static void main(String[] files) {
    for (String file : files) {
      long start = System.nanoTime();
      String end;
      try {
        if (file.endsWith(".npz")) {
          Dataset.read(Path.of(file));
        } else {
          OnnxModel.read(Path.of(file)).toBytes();
        }
        end = "read";
      } catch (InvalidInputException | UnsupportedModelException e) {
        end = "refused: " + e.getMessage();
      } catch (RuntimeException | Error e) {
        end = "failed: " + e;
      }
      System.out.println(
          Path.of(file).getFileName()
              + "\t"
              + (System.nanoTime() - start) / 1_000_000
              + " ms\t"
              + end);
    }
  }
}
