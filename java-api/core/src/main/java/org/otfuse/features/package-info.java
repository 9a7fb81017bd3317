/**
 * What describes a neuron (Singh and Jaggi 2020, section 4): rows of weights or activations, their
 * unit, and the masses.
 */
package org.otfuse.features;
