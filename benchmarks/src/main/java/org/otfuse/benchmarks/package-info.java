/**
 * JMH suites of every path on every back end, their runner, and the report of their results.
 *
 * <p>All back ends get the same inputs, options and stopping rules. A suite checks its back end's
 * results in float64 before anything is timed, takes its inputs in turn from a set that no cache
 * holds, and waits for the device before an operation counts as done.
 */
package org.otfuse.benchmarks;
