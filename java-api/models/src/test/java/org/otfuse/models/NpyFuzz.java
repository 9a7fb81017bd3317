package org.otfuse.models;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.otfuse.InvalidInputException;
import org.otfuse.models.numpy.NpyArray;

/** Reads one array and looks at its elements. */
public final class NpyFuzz implements FuzzTarget {
  private static final NpyFuzz TARGET = new NpyFuzz();

  /** For Jazzer. */
  public static void fuzzerTestOneInput(byte[] input) throws IOException {
    TARGET.run(input);
  }

  @Override
  public String run(byte[] input) throws IOException {
    try {
      NpyArray array = NpyArray.read(new ByteArrayInputStream(input), "array x", input.length);
      FloatBuffer floats = array.floats("array x");
      long product =
          array.shape().stream().mapToLong(Integer::longValue).reduce(1, (a, b) -> a * b);
      if (product != floats.remaining()) {
        throw new AssertionError(product + " elements by shape, " + floats.remaining() + " there");
      }
      if (array.type().isInteger() && array.elements() > 0) {
        array.longAt(array.elements() - 1);
      }
      return array.type().code() + array.shape().size();
    } catch (InvalidInputException e) {
      return String.valueOf(e.getMessage());
    }
  }

  @Override
  public List<byte[]> seeds() {
    List<byte[]> seeds = new ArrayList<>();
    try {
      for (int rank = 0; rank < 3; rank++) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        NpyArray.ofFloats(
                List.of(2, 3, 1).subList(0, rank), FloatBuffer.allocate(rank * rank + rank))
            .write(bytes);
        seeds.add(bytes.toByteArray());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    for (String header :
        List.of(
            "{'descr': '>i8', 'fortran_order': False, 'shape': (1,)}",
            "{\"shape\": (1, 2, 3,), 'descr': '|u1', 'fortran_order': True}",
            "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': ()}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (2147483647, 0, 2147483647)}")) {
      String lead = "\u0093NUMPY\u0001\0" + (char) header.length() + "\0";
      seeds.add((lead + header + "12345678").getBytes(StandardCharsets.ISO_8859_1));
    }
    return seeds;
  }
}
