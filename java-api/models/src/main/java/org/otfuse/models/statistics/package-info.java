/**
 * Corrects what averaging does to activations: reset of BatchNormalization, and REPAIR (Jordan et
 * al. 2023).
 */
@NullMarked
package org.otfuse.models.statistics;

import org.jspecify.annotations.NullMarked;
