package org.otfuse.cli;

import java.util.Optional;
import picocli.CommandLine.IVersionProvider;

/** The version of this build, from the jar's manifest. */
final class Version implements IVersionProvider {
  Version() {}

  /** The number, or words for a build that has none. */
  static String number() {
    return Optional.ofNullable(Version.class.getPackage().getImplementationVersion())
        .orElse("(development build)");
  }

  @Override
  public String[] getVersion() {
    return new String[] {"otfuse " + number(), "Java " + Runtime.version()};
  }
}
