/** Maps of neuron groups, and the maps of tensor axes that follow from them. */
package org.otfuse.maps;
