package org.otfuse;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The arrows between packages are those that java-api/README.md draws. */
class RoomsTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .withImportOption(location -> !location.contains("test-classes"))
          .withImportOption(location -> !location.contains("tests.jar"))
          .importPackages("org.otfuse");

  /** Values such as Model and Metric lie in org.otfuse, where every room may use them. */
  @Test
  void roomsOfTheEngineLieOnTopOfEachOther() {
    layeredArchitecture()
        .consideringOnlyDependenciesInAnyPackage("org.otfuse..")
        .layer("users")
        .definedBy("org.otfuse")
        .layer("engine")
        .definedBy("org.otfuse.engine")
        .layer("align")
        .definedBy("org.otfuse.align")
        .layer("average")
        .definedBy("org.otfuse.average")
        .layer("features")
        .definedBy("org.otfuse.features")
        .layer("maps")
        .definedBy("org.otfuse.maps")
        .layer("device")
        .definedBy("org.otfuse.device")
        .layer("check")
        .definedBy("org.otfuse.check")
        .layer("events")
        .definedBy("org.otfuse.events")
        .whereLayer("engine")
        .mayOnlyBeAccessedByLayers("users")
        .whereLayer("align")
        .mayOnlyBeAccessedByLayers("users", "engine")
        .whereLayer("average")
        .mayOnlyBeAccessedByLayers("users", "engine")
        .whereLayer("features")
        .mayOnlyBeAccessedByLayers("users", "engine", "align")
        .whereLayer("maps")
        .mayOnlyBeAccessedByLayers("users", "engine", "align", "average", "features")
        .whereLayer("device")
        .mayOnlyBeAccessedByLayers("users", "engine", "align", "average", "features")
        .whereLayer("check")
        .mayOnlyBeAccessedByLayers("users", "engine", "align", "average", "features", "device")
        .whereLayer("events")
        .mayOnlyBeAccessedByLayers("users", "engine", "align")
        .check(CLASSES);
  }

  @Test
  void backEndsKnowTheInterfaceAndTheSolversOnly() {
    noClasses()
        .that()
        .resideInAnyPackage(
            "org.otfuse.java",
            "org.otfuse.solver",
            "org.otfuse.numeric",
            "org.otfuse.spi",
            "org.otfuse.nd4j..",
            "org.otfuse.natives..",
            "org.otfuse.cuda..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "org.otfuse.engine",
            "org.otfuse.align",
            "org.otfuse.average",
            "org.otfuse.features",
            "org.otfuse.maps",
            "org.otfuse.device",
            "org.otfuse.check",
            "org.otfuse.events",
            "org.otfuse.models..",
            "org.otfuse.cli..")
        .check(CLASSES);
  }

  @Test
  void theEngineDoesNotKnowFilesNorTheCommandLine() {
    noClasses()
        .that()
        .resideOutsideOfPackages("org.otfuse.models..", "org.otfuse.cli..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.otfuse.models..", "org.otfuse.cli..")
        .check(CLASSES);
  }

  @Test
  void fileFormatsAndTracingFormNoCircle() {
    slices()
        .matching("org.otfuse.models.(file|numpy|onnx|trace|function)..")
        .should()
        .beFreeOfCycles()
        .check(CLASSES);
  }

  @Test
  void readingAndTracingDoNotKnowWhatIsDoneWithModels() {
    noClasses()
        .that()
        .resideInAnyPackage(
            "org.otfuse.models.file",
            "org.otfuse.models.numpy",
            "org.otfuse.models.onnx",
            "org.otfuse.models.trace",
            "org.otfuse.models.function")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "org.otfuse.models",
            "org.otfuse.models.runtime",
            "org.otfuse.models.statistics",
            "org.otfuse.models.closedform",
            "org.otfuse.cli..")
        .check(CLASSES);
  }
}
