/** Aligns the neurons of one model with an anchor's: costs, couplings, coordinate descent. */
package org.otfuse.align;
