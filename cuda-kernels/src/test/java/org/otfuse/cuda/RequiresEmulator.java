package org.otfuse.cuda;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** Marks tests of the emulated device, which the build has left out where there is no compiler. */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@EnabledIfSystemProperty(
    named = "otfuse.emulator.built",
    matches = "true",
    disabledReason = "the build has skipped the emulated device")
@interface RequiresEmulator {}
