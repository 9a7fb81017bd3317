/**
 * Corrects what averaging does to activations: reset of BatchNormalization, and REPAIR (Jordan et
 * al. 2023).
 */
package org.otfuse.models.statistics;
