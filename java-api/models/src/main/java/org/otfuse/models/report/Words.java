package org.otfuse.models.report;

import java.util.Locale;

/** Numbers and names as a page shows them. */
final class Words {
  private Words() {}

  /** A number with commas between thousands. */
  static String count(long value) {
    return String.format(Locale.ROOT, "%,d", value);
  }

  /** A number with two digits after the point, as accuracies are given. */
  static String percent(double value) {
    return String.format(Locale.ROOT, "%.2f", value);
  }

  /** A number with four significant digits. */
  static String number(double value) {
    return String.format(Locale.ROOT, "%.4g", value);
  }

  /** Seconds to the millisecond. */
  static String seconds(double value) {
    return String.format(Locale.ROOT, "%.3f s", value);
  }

  /** A choice in lower case. */
  static String label(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }
}
