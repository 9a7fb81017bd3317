package org.otfuse.events;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A fusion that came to its end. */
@Name("otfuse.Fusion")
@Label("Fusion")
@Description("A fusion from its first model to its result.")
@Category("otfuse")
@StackTrace(true)
public final class FusionEvent extends Event {
  @Label("Back End")
  public String backend;

  @Label("Models")
  public int models;

  @Label("Anchor")
  public int anchor;

  @Label("Neuron Groups")
  public int groups;

  @Label("Parameters of the Result")
  public long parameters;

  @Label("Features")
  public String features;

  @Label("Solver")
  public String solver;

  @Label("Most Sweeps")
  public int sweeps;
}
