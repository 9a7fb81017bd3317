/**
 * The service-provider interface of the numeric back ends.
 *
 * <p>A back end works on {@linkplain org.otfuse.spi.DeviceBuffer buffers} that live where it
 * computes, so that features, cost, coupling, maps and averages hand data to each other without a
 * way back to the host. Every operation takes a ragged batch: a list of problems of different
 * sizes. A problem's result never depends on what else is in its batch, on the number of threads or
 * on the run.
 *
 * <p>Everything is float32 and row-major. Reductions that decide accuracy are carried out so that
 * their error stays far below 1e-6 relative.
 */
@NullMarked
package org.otfuse.spi;

import org.jspecify.annotations.NullMarked;
