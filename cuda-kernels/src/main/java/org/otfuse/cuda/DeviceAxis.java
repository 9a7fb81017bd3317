package org.otfuse.cuda;

import java.util.ArrayList;
import java.util.List;
import org.otfuse.cuda.abi.OtfuseCuda;
import org.otfuse.cuda.abi.otc_axis;

/**
 * One axis of a tensor as a gather on the device.
 *
 * @param indices address of the source index of each target index, 0 where the axis stays
 * @param source its length before
 * @param target its length after
 */
record DeviceAxis(long indices, int source, int target) {
  static DeviceAxis identity(int size) {
    return new DeviceAxis(0, size, size);
  }

  boolean stays() {
    return indices == 0;
  }

  /**
   * Joins neighbouring axes that stay in all of the tensors, so that few are left.
   *
   * @param tensors the axes of each, all of one rank
   * @param kept an axis that is not joined, or -1
   * @return the axes of each, and where the kept axis is now
   */
  static Joined join(List<List<DeviceAxis>> tensors, int kept) {
    List<List<DeviceAxis>> joined = new ArrayList<>();
    tensors.forEach(t -> joined.add(new ArrayList<>()));
    int at = -1;
    boolean open = false;
    for (int a = 0; a < tensors.get(0).size(); a++) {
      int axis = a;
      boolean stays = a != kept && tensors.stream().allMatch(t -> t.get(axis).stays());
      for (int t = 0; t < joined.size(); t++) {
        List<DeviceAxis> axes = joined.get(t);
        DeviceAxis next = tensors.get(t).get(a);
        if (stays && open) {
          DeviceAxis last = axes.remove(axes.size() - 1);
          axes.add(identity(Math.multiplyExact(last.source, next.source)));
        } else {
          axes.add(next);
        }
      }
      open = stays;
      at = a == kept ? joined.get(0).size() - 1 : at;
    }
    if (tensors.get(0).isEmpty()) {
      joined.forEach(axes -> axes.add(identity(1)));
    }
    return new Joined(joined, at);
  }

  /** Axes after joining; {@code kept} is where the kept axis is. */
  record Joined(List<List<DeviceAxis>> tensors, int kept) {
    int rank() {
      return tensors.get(0).size();
    }
  }

  /** Writes axes into the array of a struct. */
  static void describe(List<DeviceAxis> axes, otc_axis struct) {
    if (axes.size() > OtfuseCuda.OTC_MAX_AXES) {
      throw new IllegalArgumentException(
          "a tensor of "
              + axes.size()
              + " separately moved axes, the cuda back end takes "
              + OtfuseCuda.OTC_MAX_AXES);
    }
    for (int a = 0; a < axes.size(); a++) {
      DeviceAxis axis = axes.get(a);
      struct
          .getPointer(a)
          .indices(Address.ints(axis.indices))
          .source_size(axis.source)
          .target_size(axis.target);
    }
  }
}
