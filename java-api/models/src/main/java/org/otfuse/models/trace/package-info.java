/** Follows neurons through a graph: which axis of which weight is indexed by the same neurons. */
package org.otfuse.models.trace;
