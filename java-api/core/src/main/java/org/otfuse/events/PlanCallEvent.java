package org.otfuse.events;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** One call of a plan. */
@Name("otfuse.PlanCall")
@Label("Plan Call")
@Description("One call of a prepared fusion.")
@Category("otfuse")
@StackTrace(false)
public final class PlanCallEvent extends Event {
  @Label("Models")
  public int models;

  @Label("Parameters of a Model")
  public int length;

  @Label("Ran as a Program of the Back End")
  public boolean compiled;
}
