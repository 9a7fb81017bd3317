package org.otfuse.benchmarks;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.otfuse.InvalidInputException;
import org.otfuse.models.file.AtomicFile;

/** A file of results as JMH writes it: a JSON array with one object a result. */
final class ResultsFile {
  private static final Gson GSON = new GsonBuilder().setPrettyPrinting().create();

  private final Path path;
  private final JsonArray results;

  private ResultsFile(Path path, JsonArray results) {
    this.path = path;
    this.results = results;
  }

  static ResultsFile empty(Path path) {
    return new ResultsFile(path, new JsonArray());
  }

  /**
   * Reads a file.
   *
   * @throws InvalidInputException if it cannot be read or is no JSON array
   */
  static ResultsFile read(Path path) {
    try {
      JsonElement content = JsonParser.parseString(Files.readString(path, StandardCharsets.UTF_8));
      if (!content.isJsonArray()) {
        throw new InvalidInputException(path + " is no JMH result, expected a JSON array");
      }
      return new ResultsFile(path, content.getAsJsonArray());
    } catch (JsonParseException e) {
      throw new InvalidInputException(path + " is no JSON, expected a result of JMH", e);
    } catch (IOException e) {
      throw new InvalidInputException("cannot read " + path + ", expected a result of JMH", e);
    }
  }

  JsonArray results() {
    return results;
  }

  /** Adds the results of another array and writes the file. */
  void add(String array) {
    results.addAll(JsonParser.parseString(array).getAsJsonArray());
    byte[] bytes = GSON.toJson(results).getBytes(StandardCharsets.UTF_8);
    AtomicFile.write(path, out -> out.write(bytes));
  }
}
