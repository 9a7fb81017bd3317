package org.otfuse.events;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** How a group of neurons of one model was coupled, before any coordinate descent. */
@Name("otfuse.GroupAlignment")
@Label("Group Alignment")
@Description(
    "Features, costs and first coupling of a neuron group of one model; groups that are one batch"
        + " share its time.")
@Category("otfuse")
@StackTrace(false)
public final class GroupAlignmentEvent extends Event {
  @Label("Model")
  public int model;

  @Label("Neuron Group")
  public String group;

  @Label("Neurons of the Anchor")
  public int size;

  @Label("Neurons of the Model")
  public int sourceSize;

  @Label("Solver")
  public String solver;

  @Label("Transport Cost")
  public double cost;

  @Label("Iterations")
  public int iterations;

  @Label("Marginal Violation")
  public double violation;

  @Label("Converged")
  public boolean converged;
}
