/** The ONNX format: reader, writer, and the graph as the others walk it. */
package org.otfuse.models.onnx;
