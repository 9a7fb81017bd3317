// Tensors with maps on their axes, and where a target index comes from, worked out axis by axis.
#pragma once

#include <memory>

#include "batch.h"

namespace check {

using Ints = std::vector<int32_t>;

struct Axis {
  int n;     // of the source
  Ints map;  // empty: the identity
  int m;     // of the target

  static Axis identity(int size) { return {size, {}, size}; }
  static Axis mapped(std::mt19937& random, int n, int m) {
    return {n, random_map(random, n, m), m};
  }
  int from(int j) const { return map.empty() ? j : map[static_cast<size_t>(j)]; }
};

struct Tensor {
  std::vector<Axis> axes;
  Floats values;

  Tensor(std::mt19937& random, std::vector<Axis> maps) : axes(std::move(maps)) {
    values = uniform(random, source_length(), -1, 1);
  }
  int64_t source_length() const {
    int64_t length = 1;
    for (const Axis& axis : axes) length *= axis.n;
    return length;
  }
  int64_t target_length() const {
    int64_t length = 1;
    for (const Axis& axis : axes) length *= axis.m;
    return length;
  }
  // The target's entry at these indices, one an axis.
  float at(const Ints& index) const {
    int64_t offset = 0;
    for (size_t a = 0; a < axes.size(); a++) offset = offset * axes[a].n + axes[a].from(index[a]);
    return values[static_cast<size_t>(offset)];
  }
};

// Counts the indices up, the last one fastest; false after the last.
inline bool next(Ints& index, const std::vector<Axis>& axes) {
  for (size_t a = axes.size(); a-- > 0;) {
    if (++index[a] < axes[a].m) return true;
    index[a] = 0;
  }
  return false;
}

// Keeps tensors and their maps in device memory, `shift` floats past an aligned address.
class Uploads {
 public:
  const float* values(const Tensor& tensor, int shift = 0) {
    Floats padded(static_cast<size_t>(shift), std::nanf(""));
    padded.insert(padded.end(), tensor.values.begin(), tensor.values.end());
    floats_.push_back(std::make_unique<Device<float>>(padded));
    return *floats_.back() + shift;
  }
  void axes(const Tensor& tensor, otc_axis* target) {
    for (size_t a = 0; a < tensor.axes.size(); a++) {
      const Axis& axis = tensor.axes[a];
      const int32_t* indices = nullptr;
      if (!axis.map.empty()) {
        ints_.push_back(std::make_unique<Device<int32_t>>(axis.map));
        indices = *ints_.back();
      }
      target[a] = {indices, axis.n, axis.m};
    }
  }

 private:
  std::vector<std::unique_ptr<Device<float>>> floats_;
  std::vector<std::unique_ptr<Device<int32_t>>> ints_;
};

}  // namespace check
