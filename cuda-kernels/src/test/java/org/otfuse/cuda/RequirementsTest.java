package org.otfuse.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.reflect.Proxy;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.otfuse.BackendUnavailableException;
import org.otfuse.cuda.Driver.Attribute;

/** What a user reads where driver or GPU are not what the back end needs. */
@RequiresEmulator
class RequirementsTest {
  private static final int NO_DEVICE = 100;
  private static final int INSUFFICIENT_DRIVER = 35;

  private final Map<String, Integer> statuses = new HashMap<>();
  private final Map<String, Integer> values = new HashMap<>();

  /** A driver that answers with the numbers set here. */
  private Driver driver() {
    EmulatedDriver emulated = new EmulatedDriver();
    return (Driver)
        Proxy.newProxyInstance(
            Driver.class.getClassLoader(),
            new Class<?>[] {Driver.class},
            (proxy, method, arguments) -> {
              String name = method.getName();
              Integer value = values.get(name);
              if (name.equals("attribute")) {
                value = values.get(((Attribute) arguments[0]).name());
              }
              if (statuses.containsKey(name)) {
                return statuses.get(name);
              }
              if (value == null) {
                return method.invoke(emulated, arguments);
              }
              ((int[]) arguments[arguments.length - 1])[0] = value;
              return Driver.OK;
            });
  }

  private void refused(String sentence) {
    assertEquals(
        sentence,
        assertThrows(BackendUnavailableException.class, () -> Requirements.check(driver()))
            .getMessage());
  }

  @AfterEach
  void clear() {
    System.clearProperty(Requirements.DEVICE_PROPERTY);
  }

  @Test
  void aDeviceThatMeetsEverythingIsTaken() {
    assertEquals(0, Requirements.check(driver()));
  }

  @Test
  void anOldDriver() {
    values.put("driverVersion", 12040);
    refused(
        "The NVIDIA driver is for CUDA 12.4, the cuda back end needs one for CUDA 13.0 or newer:"
            + " driver 580 or newer.");
  }

  @Test
  void noDevice() {
    String sentence =
        "The NVIDIA driver finds no GPU; the cuda back end needs one of compute capability 8.0 or"
            + " above (see nvidia-smi and CUDA_VISIBLE_DEVICES).";
    statuses.put("deviceCount", NO_DEVICE);
    refused(sentence);
    statuses.clear();
    values.put("deviceCount", 0);
    refused(sentence);
  }

  @Test
  void aDriverThatFails() {
    statuses.put("driverVersion", INSUFFICIENT_DRIVER);
    refused(
        "CUDA cannot be used: cudaDriverGetVersion failed with "
            + new EmulatedDriver().errorName(INSUFFICIENT_DRIVER)
            + "; nvidia-smi tells whether the driver works.");
  }

  @Test
  void anOldDevice() {
    values.put("COMPUTE_MAJOR", 7);
    values.put("COMPUTE_MINOR", 5);
    refused(
        "GPU 0 (emulated GPU) has compute capability 7.5, the cuda back end needs 8.0 or above.");
  }

  @Test
  void aDeviceWithoutMemoryPools() {
    values.put("MEMORY_POOLS", 0);
    refused(
        "GPU 0 (emulated GPU) has no memory pools or cooperative launches here, which the cuda back"
            + " end needs.");
  }

  @Test
  void aDeviceThatIsNotThere() {
    for (String text : new String[] {"1", "-1", "first"}) {
      System.setProperty(Requirements.DEVICE_PROPERTY, text);
      refused("otfuse.cuda.device is " + text + ", expected a GPU from 0 to 0.");
    }
  }
}
