package org.otfuse.models.report;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Builds a text that is well-formed XML and HTML at once: every element is closed, and what is
 * given as text or attribute is escaped. Not thread-safe.
 */
final class Markup {
  private static final char REPLACEMENT = '\uFFFD';

  private final StringBuilder out = new StringBuilder("<!DOCTYPE html>\n");
  private final Deque<String> open = new ArrayDeque<>();

  /** Opens an element; attributes are names and values in turn. */
  Markup open(String tag, String... attributes) {
    start(tag, attributes);
    out.append('>');
    open.push(tag);
    return this;
  }

  /** Closes the element that was opened last. */
  Markup close() {
    String tag = open.pop();
    out.append("</").append(tag).append('>');
    if (!tag.equals("span") && !tag.equals("code")) {
      out.append('\n');
    }
    return this;
  }

  /** An element without content. */
  Markup empty(String tag, String... attributes) {
    start(tag, attributes);
    out.append("/>");
    return this;
  }

  /** An element with text. */
  Markup element(String tag, String text, String... attributes) {
    return open(tag, attributes).text(text).close();
  }

  /** Text inside the element that was opened last; quotes stay, as a style sheet needs them. */
  Markup text(String text) {
    escape(text, "\"");
    return this;
  }

  private void start(String tag, String... attributes) {
    out.append('<').append(tag);
    for (int i = 0; i < attributes.length; i += 2) {
      out.append(' ').append(attributes[i]).append("=\"");
      escape(attributes[i + 1], "&quot;");
      out.append('"');
    }
  }

  /** What XML cannot hold, such as control characters, is shown as a replacement character. */
  private void escape(String text, String quote) {
    text.codePoints()
        .forEach(
            c -> {
              switch (c) {
                case '<' -> out.append("&lt;");
                case '>' -> out.append("&gt;");
                case '&' -> out.append("&amp;");
                case '"' -> out.append(quote);
                default -> out.appendCodePoint(allowed(c) ? c : REPLACEMENT);
              }
            });
  }

  private static boolean allowed(int c) {
    boolean control = c < ' ' && c != '\n' && c != '\t' || c >= 0x7F && c <= 0x9F;
    boolean noCharacter = c >= 0xD800 && c <= 0xDFFF || (c & 0xFFFE) == 0xFFFE;
    return !control && !noCharacter;
  }

  @Override
  public String toString() {
    if (!open.isEmpty()) {
      throw new IllegalStateException("elements are open: " + open);
    }
    return out.toString();
  }
}
