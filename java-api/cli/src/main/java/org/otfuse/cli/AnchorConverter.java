package org.otfuse.cli;

import org.otfuse.Anchor;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads the index of a model, or "auto" for the one that is chosen. */
final class AnchorConverter implements ITypeConverter<Anchor> {
  AnchorConverter() {}

  @Override
  public Anchor convert(String text) {
    if (text.equals("auto")) {
      return Anchor.automatic();
    }
    try {
      return Anchor.index(Integer.parseUnsignedInt(text));
    } catch (NumberFormatException e) {
      throw new TypeConversionException(
          "expected auto or the number of a model from 0 but was '%s'".formatted(text));
    }
  }
}
