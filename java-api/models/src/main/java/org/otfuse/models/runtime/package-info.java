/** ONNX Runtime: its start, and the loop that runs a model batch by batch. */
package org.otfuse.models.runtime;
