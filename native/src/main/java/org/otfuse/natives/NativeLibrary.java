package org.otfuse.natives;

import java.io.File;
import java.io.IOException;
import java.net.URL;
import org.bytedeco.javacpp.Loader;
import org.otfuse.BackendUnavailableException;
import org.otfuse.natives.abi.Otfuse;
import org.otfuse.spi.BundledLibraries;

/** Finds and loads the engine's library, once a process. */
final class NativeLibrary {
  /** The property that names the library file. */
  static final String PATH_PROPERTY = "otfuse.native.library";

  private static final String NAME = "jniotfuse-" + Otfuse.OTF_VERSION;

  private NativeLibrary() {}

  /**
   * Loads the library, or makes sure that the one asked for is loaded.
   *
   * @throws BackendUnavailableException if there is none, it cannot be loaded or it is of another
   *     version
   */
  static void load() {
    String path = System.getProperty(PATH_PROPERTY, "");
    BundledLibraries libraries = BundledLibraries.open();
    try {
      URL url = path.isEmpty() ? libraries.extract(bundled()) : explicit(path);
      String loaded = Loader.loadLibrary(Otfuse.class, new URL[] {url}, NAME);
      if (!path.isEmpty() && !sameFile(path, loaded)) {
        throw new BackendUnavailableException(
            PATH_PROPERTY + " is " + path + ", but " + loaded + " is loaded already.");
      }
      checkVersion();
    } catch (LinkageError | IOException e) {
      throw new BackendUnavailableException(
          "The native library cannot be loaded ("
              + String.valueOf(e.getMessage()).lines().findFirst().orElse("no message")
              + ").",
          e);
    }
  }

  private static URL bundled() {
    String file = Loader.getPlatform() + "/" + System.mapLibraryName(NAME);
    URL url = NativeLibrary.class.getResource(file);
    if (url == null) {
      throw new BackendUnavailableException(
          "The native library was not built for this platform: there is no org/otfuse/natives/"
              + file
              + " on the class path.");
    }
    return url;
  }

  private static URL explicit(String path) {
    File file = new File(path);
    if (!file.isFile()) {
      throw new BackendUnavailableException(
          PATH_PROPERTY + " is " + path + ", expected the file of a native library.");
    }
    try {
      return file.getCanonicalFile().toURI().toURL();
    } catch (IOException e) {
      throw new BackendUnavailableException(
          PATH_PROPERTY + " is " + path + ", which cannot be opened (" + e.getMessage() + ").", e);
    }
  }

  private static boolean sameFile(String path, String loaded) throws IOException {
    return loaded != null
        && new File(path).getCanonicalFile().equals(new File(loaded).getCanonicalFile());
  }

  private static void checkVersion() {
    String version = Otfuse.otf_version().getString();
    if (!version.equals(Otfuse.OTF_VERSION)) {
      throw new BackendUnavailableException(
          "The native library is version "
              + version
              + ", expected version "
              + Otfuse.OTF_VERSION
              + ".");
    }
  }
}
