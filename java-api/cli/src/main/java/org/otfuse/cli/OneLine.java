package org.otfuse.cli;

/** Text from outside, such as names of files, so that it stays in its line and moves no cursor. */
final class OneLine {
  private OneLine() {}

  /** The text with everything that does not print written as its code. */
  static String of(String text) {
    StringBuilder line = new StringBuilder();
    text.codePoints()
        .forEach(
            c -> {
              if (prints(c)) {
                line.appendCodePoint(c);
              } else {
                line.append(c == '\n' ? "\\n" : c == '\t' ? "\\t" : "\\u%04x".formatted(c));
              }
            });
    return line.toString();
  }

  private static boolean prints(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE ->
          false;
      default -> true;
    };
  }
}
