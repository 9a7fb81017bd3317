/**
 * What {@code otfuse bench} and the JMH suites have in common: networks and inputs to time with.
 */
package org.otfuse.cli.bench;
