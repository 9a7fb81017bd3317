package org.otfuse.cuda;

import org.otfuse.BackendUnavailableException;
import org.otfuse.cuda.Driver.Attribute;

/** What the back end needs of driver and GPU; says in one sentence what is not met. */
final class Requirements {
  /** The property that chooses the GPU by its number, 0 by default. */
  static final String DEVICE_PROPERTY = "otfuse.cuda.device";

  private static final int CUDA_VERSION = CudaLibrary.CUDA * 1000;
  private static final int CAPABILITY = 80;

  private final Driver driver;

  private Requirements(Driver driver) {
    this.driver = driver;
  }

  /**
   * Checks everything.
   *
   * @return the number of the GPU to use
   * @throws BackendUnavailableException if something is not met
   */
  static int check(Driver driver) {
    Requirements requirements = new Requirements(driver);
    requirements.checkDriver();
    int device = requirements.device();
    requirements.checkDevice(device);
    return device;
  }

  private void checkDriver() {
    int[] version = new int[1];
    check(driver.driverVersion(version), "cudaDriverGetVersion");
    if (version[0] < CUDA_VERSION) {
      throw new BackendUnavailableException(
          "The NVIDIA driver is for CUDA "
              + PresetDriver.version(version[0])
              + ", the cuda back end needs one for CUDA 13.0 or newer: driver 580 or newer.");
    }
  }

  private int device() {
    int[] count = new int[1];
    int status = driver.deviceCount(count);
    if (status == Driver.OK && count[0] == 0
        || status != Driver.OK && driver.errorName(status).equals("cudaErrorNoDevice")) {
      throw new BackendUnavailableException(
          "The NVIDIA driver finds no GPU; the cuda back end needs one of compute capability 8.0"
              + " or above (see nvidia-smi and CUDA_VISIBLE_DEVICES).");
    }
    check(status, "cudaGetDeviceCount");
    String text = System.getProperty(DEVICE_PROPERTY, "0");
    for (int device = 0; device < count[0]; device++) {
      if (text.equals(String.valueOf(device))) {
        return device;
      }
    }
    throw new BackendUnavailableException(
        DEVICE_PROPERTY + " is " + text + ", expected a GPU from 0 to " + (count[0] - 1) + ".");
  }

  private void checkDevice(int device) {
    int major = attribute(Attribute.COMPUTE_MAJOR, device);
    int minor = attribute(Attribute.COMPUTE_MINOR, device);
    if (10 * major + minor < CAPABILITY) {
      throw new BackendUnavailableException(
          "GPU %d (%s) has compute capability %d.%d, the cuda back end needs 8.0 or above."
              .formatted(device, name(device), major, minor));
    }
    if (attribute(Attribute.MEMORY_POOLS, device) == 0
        || attribute(Attribute.COOPERATIVE_LAUNCH, device) == 0) {
      throw new BackendUnavailableException(
          "GPU %d (%s) has no memory pools or cooperative launches here, which the cuda back end needs."
              .formatted(device, name(device)));
    }
  }

  private String name(int device) {
    String[] name = new String[1];
    check(driver.deviceName(device, name), "cuDeviceGetName");
    return name[0];
  }

  private int attribute(Attribute attribute, int device) {
    int[] value = new int[1];
    check(driver.attribute(attribute, device, value), "cudaDeviceGetAttribute");
    return value[0];
  }

  private void check(int status, String call) {
    if (status != Driver.OK) {
      throw new BackendUnavailableException(
          "CUDA cannot be used: "
              + call
              + " failed with "
              + driver.errorName(status)
              + "; nvidia-smi tells whether the driver works.");
    }
  }
}
