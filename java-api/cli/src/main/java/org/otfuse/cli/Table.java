package org.otfuse.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Columns of text for a terminal, one line a row, the first aligned left, the others right. */
final class Table {
  private static final String GAP = "  ";

  private final List<List<String>> rows = new ArrayList<>();

  Table(String... header) {
    rows.add(List.of(header));
  }

  void add(String... row) {
    rows.add(Arrays.stream(row).map(OneLine::of).toList());
  }

  /** A number with two digits after the point, as accuracies are given. */
  static String percent(double value) {
    return String.format(Locale.ROOT, "%.2f", value);
  }

  /** A duration in seconds. */
  static String seconds(double value) {
    return String.format(Locale.ROOT, "%.2f s", value);
  }

  /** A number with four significant digits. */
  static String number(double value) {
    return String.format(Locale.ROOT, "%.4g", value);
  }

  @Override
  public String toString() {
    int columns = rows.get(0).size();
    int[] widths = new int[columns];
    for (List<String> row : rows) {
      for (int c = 0; c < columns; c++) {
        widths[c] = Math.max(widths[c], row.get(c).length());
      }
    }
    StringBuilder text = new StringBuilder();
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int c = 0; c < columns; c++) {
        String padding = " ".repeat(widths[c] - row.get(c).length());
        line.append(c == 0 ? "" : GAP);
        line.append(c == 0 ? row.get(c) + padding : padding + row.get(c));
      }
      text.append(line.toString().stripTrailing()).append(System.lineSeparator());
    }
    return text.toString();
  }
}
