package org.otfuse.nd4j;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;

class ArrayPoolTest {
  @Test
  void anArrayThatCameBackIsUsedForASimilarLength() {
    try (ArrayPool pool = new ArrayPool()) {
      INDArray first = pool.take(1000);
      assertTrue(first.length() >= 1000 && first.length() <= 1125);
      assertNotSame(first, pool.take(1000));
      pool.give(first);
      assertSame(first, pool.take(first.length() - 10));
    }
  }

  @Test
  void anArrayHoldsWhatWasAskedFor() {
    try (ArrayPool pool = new ArrayPool()) {
      for (long length : new long[] {0, 1, 7, 8, 9, 15, 17, 1023, 1025, 100_003}) {
        INDArray array = pool.take(length);
        assertTrue(array.length() >= length, "length " + length);
        array.close();
      }
    }
  }

  @Test
  void closingFreesWhatIsKeptAndWhatComesBackLater() {
    ArrayPool pool = new ArrayPool();
    INDArray kept = pool.take(10);
    INDArray late = pool.take(10);
    pool.give(kept);
    assertFalse(kept.wasClosed());
    pool.close();
    pool.give(late);
    assertTrue(kept.wasClosed() && late.wasClosed());
  }

  @Test
  void moreThanTheMostIsFreedAtOnce() {
    try (ArrayPool pool = new ArrayPool()) {
      INDArray large = pool.take((1L << 26) + 1);
      pool.give(large);
      assertTrue(large.wasClosed());
    }
  }
}
