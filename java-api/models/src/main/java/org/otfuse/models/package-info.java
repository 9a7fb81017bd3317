/**
 * Networks in ONNX files: fused, read, written, run and measured.
 *
 * <p>{@link org.otfuse.models.OnnxFusion} fuses with the defaults that the command line has; {@link
 * org.otfuse.models.LossCurve}, {@link org.otfuse.models.WeightSearch}, {@link
 * org.otfuse.models.PlainAverage}, {@link org.otfuse.models.Evaluation}, {@link
 * org.otfuse.models.statistics.Statistics}, {@link org.otfuse.models.closedform.ClosedForm} and
 * {@link org.otfuse.models.report.FusionPage} are its parts, each usable alone. {@link
 * org.otfuse.models.OnnxModel} reads an ONNX file, traces which axis of which weight carries which
 * neurons, and writes the file back with other weights.
 *
 * <p>The way through the code: {@code OnnxReader} takes a file apart into a skeleton and its
 * weights. {@code Tracer} walks the graph once; {@code Rules} says which rule follows which
 * operator. What flows along the graph are {@code Value}s, whose {@code SymbolicAxis} lists
 * segments of {@code Atom}s; {@code AxisUnion} merges and splits atoms where axes meet. What is
 * left are the neuron groups: {@code GroupTable} numbers them, {@code SharedWeights} parts weights
 * that different groups share, and {@code TracedFile} puts the architecture together. {@code
 * OnnxWriter} streams skeleton and weights out again.
 *
 * <p>Files are not trusted. Whatever they hold, only {@link org.otfuse.InvalidInputException} and
 * {@link org.otfuse.UnsupportedModelException} come of reading them, with one sentence. Memory for
 * a weight or an array is taken only once the file is known to have the bytes that fill it. What
 * tracing makes of few bytes is counted and ends at the limits of {@code Limits}: 1024 axes of a
 * value, 1,048,576 integers of shape arithmetic, 2,097,152 segments of axes, 20,000,000 steps.
 * Weights that different neurons share are parted up to 536,870,911 values, as many as one ONNX
 * file can hold. Only regular files are opened, directly or through symbolic links; external data
 * lies inside the model's folder, is reached through no link, and is read four times on average at
 * most.
 */
@NullMarked
package org.otfuse.models;

import org.jspecify.annotations.NullMarked;
