package org.otfuse.natives;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.javacpp.Loader;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.otfuse.natives.abi.Otfuse;

/** Every platform's library is code for that platform's processor. */
class LibraryMachineTest {
  private static final int ELF = 0x464c457f; // 0x7f, "ELF"
  private static final int ELF_64_LITTLE_ENDIAN = 0x0102;
  private static final int ELF_MACHINE_OFFSET = 18;
  private static final int PE_OFFSET = 0x3c;
  private static final int PE = 0x4550; // "PE", 0, 0

  @ParameterizedTest
  @CsvSource({"linux-x86_64, 62", "linux-arm64, 183"})
  void theLinuxLibraryIsAnElfFileForThatProcessor(String platform, int machine) throws IOException {
    ByteBuffer file = library(platform, "libjniotfuse-%s.so");
    assertEquals(ELF, file.getInt(0));
    assertEquals(ELF_64_LITTLE_ENDIAN, file.getShort(4));
    assertEquals(machine, file.getShort(ELF_MACHINE_OFFSET));
  }

  @ParameterizedTest
  @CsvSource("windows-x86_64, 0x8664")
  void theWindowsLibraryIsAPeFileForThatProcessor(String platform, String machine)
      throws IOException {
    ByteBuffer file = library(platform, "jniotfuse-%s.dll");
    int header = file.getInt(PE_OFFSET);
    assertEquals(PE, file.getInt(header));
    assertEquals(Integer.decode(machine).shortValue(), file.getShort(header + Integer.BYTES));
  }

  private static ByteBuffer library(String platform, String name) throws IOException {
    String file = platform + "/" + String.format(name, Otfuse.OTF_VERSION);
    URL url = NativeBackend.class.getResource(file);
    assumeTrue(
        url != null || isExpected(platform), "the build has made no library for " + platform);
    assertNotNull(url, file);
    try (InputStream in = url.openStream()) {
      return ByteBuffer.wrap(in.readAllBytes()).order(ByteOrder.LITTLE_ENDIAN);
    }
  }

  /** Whether the build says that it made this platform's library. */
  private static boolean isExpected(String platform) {
    return platform.equals(Loader.getPlatform())
        ? LibraryCondition.libraryIsExpected()
        : Boolean.getBoolean("otfuse.native.cross." + platform);
  }
}
