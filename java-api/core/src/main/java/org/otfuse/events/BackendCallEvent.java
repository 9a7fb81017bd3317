package org.otfuse.events;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** One operation that a fusion asked a back end for. */
@Name("otfuse.BackendCall")
@Label("Back End Call")
@Description("One operation of a back end on a batch.")
@Category("otfuse")
@StackTrace(false)
public final class BackendCallEvent extends Event {
  @Label("Back End")
  public String backend;

  @Label("Operation")
  public String operation;

  @Label("Problems in the Batch")
  public int problems;

  @Label("Floats of the Results")
  public long floats;
}
