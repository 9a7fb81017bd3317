package org.otfuse.maps;

import java.util.ArrayList;
import java.util.List;
import org.otfuse.TensorLayout.Axis;
import org.otfuse.TensorLayout.Role;
import org.otfuse.TensorLayout.Segment;
import org.otfuse.TensorLayout.Slab;
import org.otfuse.spi.AxisMap;
import org.otfuse.spi.NeuronMap;

/** Translates the layout of a tensor and the maps of its groups into maps of its axes. */
public final class AxisMaps {
  private AxisMaps() {}

  /** The maps of a slab's axes; {@code maps} has one entry a group. */
  public static List<AxisMap> of(Slab slab, List<GroupMaps> maps) {
    return slab.axes().stream().map(axis -> of(axis, maps)).toList();
  }

  /** Maps that leave a slab as it is. */
  public static List<AxisMap> identity(Slab slab) {
    return slab.axes().stream().map(axis -> AxisMap.identity(axis.size())).toList();
  }

  private static AxisMap of(Axis axis, List<GroupMaps> maps) {
    List<AxisMap.Segment> segments = new ArrayList<>();
    for (Segment segment : axis.segments()) {
      if (segment.group() == Segment.PLAIN) {
        segments.add(new AxisMap.Segment(new NeuronMap.Identity(segment.size()), 1));
      } else {
        GroupMaps map = maps.get(segment.group());
        NeuronMap chosen = axis.role() == Role.INPUT ? map.input() : map.output();
        segments.add(new AxisMap.Segment(chosen, segment.block()));
      }
    }
    return new AxisMap(segments);
  }
}
