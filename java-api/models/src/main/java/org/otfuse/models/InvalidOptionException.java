package org.otfuse.models;

import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.otfuse.InvalidInputException;

/**
 * An option of a fusion has no effect, contradicts another one or is out of range. The sentence
 * names options as {@link OnnxFusion} does; who offers them under other names, as a command line
 * does, puts those in with {@link #named}.
 */
public final class InvalidOptionException extends InvalidInputException {
  private static final long serialVersionUID = 1L;

  private static final Pattern OPTION = Pattern.compile("\\{([^}]*)}");

  private final String sentence;
  private final String[] values;

  /**
   * Creates the exception.
   *
   * @param sentence what was found and what was expected: a format whose options stand in braces,
   *     as in {@code "{epsilon} is %s, expected {solver} sinkhorn."}
   * @param values for the format, all of them taken as text
   */
  public InvalidOptionException(String sentence, Object... values) {
    super(text(sentence, UnaryOperator.identity(), texts(values)));
    this.sentence = sentence;
    this.values = texts(values);
  }

  private static String[] texts(Object... values) {
    String[] texts = new String[values.length];
    for (int i = 0; i < texts.length; i++) {
      texts[i] = String.valueOf(values[i]);
    }
    return texts;
  }

  private static String text(String sentence, UnaryOperator<String> name, String... values) {
    String named =
        OPTION
            .matcher(sentence)
            .replaceAll(found -> name.apply(found.group(1)).replace("%", "%%").replace("$", "\\$"));
    return named.formatted((Object[]) values);
  }

  /**
   * The sentence with other names for the options.
   *
   * @param name gives the name of each option; "calibration data" and "test data" are the samples
   *     that the options "calibration" and "test" take
   * @return the sentence
   */
  public String named(UnaryOperator<String> name) {
    return text(sentence, name, values);
  }
}
