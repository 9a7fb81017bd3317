package org.otfuse.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.otfuse.TensorLayout;
import org.otfuse.cli.bench.Networks;

class BenchCommandTest {
  @Test
  void theResNet18HasItsKnownNumberOfParameters() {
    // torchvision's layers with a 3x3 stem and 10 classes: 11,173,962 trained, 9,600 running values
    assertEquals(
        11_173_962 + 9_600,
        Networks.resNet18().tensors().stream().mapToInt(TensorLayout::length).sum());
  }

  @Test
  @Tag("long")
  void everyWorkloadIsTimedOnEveryUsableBackEnd() {
    JsonObject result = CommandRun.of("bench", "--seconds", "0", "--json").json();
    int usable = 0;
    for (JsonElement row : CommandRun.of("backends", "--json").json().getAsJsonArray("backends")) {
      usable += row.getAsJsonObject().get("usable").getAsBoolean() ? 1 : 0;
    }
    assertEquals(BenchWorkloads.all().size() * usable, result.getAsJsonArray("rows").size());
    for (JsonElement element : result.getAsJsonArray("rows")) {
      JsonObject row = element.getAsJsonObject();
      assertTrue(row.get("median").getAsDouble() > 0, row.toString());
      if (row.get("backend").getAsString().equals("java")) {
        assertEquals(1, row.get("timesJava").getAsDouble());
      }
    }
  }
}
