// How tensors move along their axes: hard maps as one gather over all axes, soft maps as blocked
// matrix products, one axis at a time.
#pragma once

#include <vector>

#include "engine.h"

namespace otf {

// Most floats of a tensor: a size in bytes, and twice that, is far from overflowing.
constexpr int64_t kMostFloats = int64_t{1} << 60;

// a * b, both 0 or above; std::invalid_argument with the sentence where that is above `most`.
int64_t product(int64_t a, int64_t b, int64_t most, const char* sentence);

int64_t source_size(const otf_axis& axis);
int64_t target_size(const otf_axis& axis);
bool is_identity(const otf_axis& axis);
bool is_soft(const otf_axis& axis);

// A tensor whose axes are all hard, as rows of runs: target row r, run u comes from
// base(r) + inner[u] * unit on. Identity axes at the end are part of the runs.
class Gather {
 public:
  Gather(const otf_axis* axes, int rank);

  // out (+)= weight * what the target holds from position `start` on.
  void apply(const Kernels& kernels, const float* src, int64_t start, int64_t count, float weight,
             bool add, float* out) const;

 private:
  struct Level {
    std::vector<int32_t> index;
    int64_t stride;
  };

  int64_t base(int64_t row) const;
  // Asks for a row whose runs are short and in no order, in the order of memory.
  void fetch(const float* src, int64_t row) const;

  std::vector<Level> outer_;
  std::vector<int32_t> inner_;
  int64_t unit_ = 1;
  int64_t extent_ = 0;  // floats of a source row
};

// Source unit of every target unit of an axis without soft segments; units are of `block` indices.
std::vector<int32_t> axis_units(const otf_axis& axis, int64_t* block);

// The source offset of every target index of the given axes but `skipped`, row-major.
std::vector<int64_t> offsets(const otf_axis* axes, int rank, int skipped);

// A tensor, or a slab of it, after its soft axes; identities stand for them from then on.
struct Softened {
  const float* values;
  std::vector<otf_segment> segments;
  std::vector<otf_axis> axes;
};

// Target indices of one axis: work space for a soft map is taken for so many at a time.
struct Slab {
  int axis;
  int64_t first;
  int64_t count;
};

// How many indices of an axis make up a slab: about a million floats of the tensor.
int64_t slab_size(const otf_axis* axes, int rank, int axis);

// The slab of a tensor with its soft axes applied; work space is kept in `scratch`, two of them.
Softened soften(Engine& engine, const float* values, const otf_axis* axes, int rank, Slab slab,
                Scratch* scratch);

}  // namespace otf
