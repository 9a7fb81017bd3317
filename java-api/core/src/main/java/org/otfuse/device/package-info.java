/**
 * A back end's memory for the time of one run: arenas, models whose tensors are there, and the
 * clock.
 */
package org.otfuse.device;
