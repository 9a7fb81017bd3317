package org.otfuse.maps;

import java.util.List;
import org.otfuse.Architecture;
import org.otfuse.spi.NeuronMap;

/**
 * The two maps of one group: P for axes that the group's tensors compute, Q for axes that they
 * read.
 */
public record GroupMaps(NeuronMap output, NeuronMap input) {
  public static GroupMaps identity(int size) {
    NeuronMap identity = new NeuronMap.Identity(size);
    return new GroupMaps(identity, identity);
  }

  public static List<GroupMaps> identities(Architecture architecture) {
    return architecture.groups().stream().map(g -> identity(g.size())).toList();
  }

  public static GroupMaps hard(NeuronMap.Hard map) {
    return new GroupMaps(map, map);
  }
}
