package org.otfuse.models.file;

import java.util.List;

/** Names from a file as messages show them: no longer than a line, however long they are. */
public final class Excerpt {
  private static final int LENGTH = 100;

  private Excerpt() {}

  public static String of(String text) {
    return text.length() <= LENGTH ? text : text.substring(0, LENGTH) + "...";
  }

  /** The first few of many names. */
  public static String of(List<String> names) {
    String first =
        String.join(
            ", ", names.stream().limit(Limits.NAMES).map(name -> Excerpt.of(name)).toList());
    int more = names.size() - Limits.NAMES;
    return more > 0 ? first + " and " + more + " more" : first;
  }
}
