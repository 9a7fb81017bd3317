/**
 * Fuses trained networks into one: neurons are aligned by optimal transport, weights are carried
 * along and averaged (Singh and Jaggi, "Model Fusion via Optimal Transport", NeurIPS 2020).
 *
 * <p>Start at {@link org.otfuse.FusionEngine}.
 */
@NullMarked
package org.otfuse;

import org.jspecify.annotations.NullMarked;
