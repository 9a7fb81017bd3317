package org.otfuse.cli;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads an enum constant by its name in lower case. */
final class Choice<E extends Enum<E>> implements ITypeConverter<E> {
  private final List<E> constants;

  Choice(Class<E> type) {
    this.constants = Arrays.asList(type.getEnumConstants());
  }

  @Override
  public E convert(String word) {
    return constants.stream()
        .filter(constant -> label(constant).equals(word))
        .findFirst()
        .orElseThrow(
            () ->
                new TypeConversionException(
                    "expected one of %s but was '%s'%s"
                        .formatted(
                            String.join(", ", labels()), word, Closest.hint(word, labels()))));
  }

  private List<String> labels() {
    return constants.stream().map(Choice::label).toList();
  }

  /** The name of a constant as on the command line. */
  static String label(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }
}
