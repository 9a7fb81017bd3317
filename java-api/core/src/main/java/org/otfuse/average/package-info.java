/** Carries tensors onto the anchor and sums them, at once or in any order and grouping. */
package org.otfuse.average;
