#include "rows.h"

#include <algorithm>

namespace otf {
namespace {

constexpr int kRowsAtOnce = 16;  // of a transposition, so that both sides stay in the first-level cache
constexpr int32_t kStart = 0;

}  // namespace

void RowBlock::fetch(const Kernels& kernels, int row, int rows, int column, int count, float* out,
                     ptrdiff_t to) const {
  int inner = std::min(count, columns - (extra == nullptr ? 0 : 1) - column);
  auto factor = [&](int r) { return scale == nullptr ? 1.0f : scale[row + r]; };
  const float* from = values + row * stride;
  if (!offsets.empty()) {
    for (int first = 0; first < rows; first += kRowsAtOnce) {
      int last = std::min(rows, first + kRowsAtOnce);
      for (int c = 0; c < inner; c++) {
        const float* src = from + offsets[static_cast<size_t>(column + c)];
        for (int r = first; r < last; r++) out[r * to + c] = src[r * stride] * factor(r);
      }
    }
  } else if (gather != nullptr) {
    for (int r = 0; r < rows; r++) {
      gather->apply(kernels, from + r * stride, column, inner, factor(r), false, out + r * to);
    }
  } else {
    for (int r = 0; r < rows && inner > 0; r++) {
      kernels.gather_row(out + r * to, from + r * stride + column, &kStart, inner, 0, inner, factor(r),
                         false);
    }
  }
  for (int r = 0; r < rows && inner < count; r++) out[r * to + inner] = extra[row + r];
}

FeatureRows plain_rows(const float* values, int d) {
  RowBlock block;
  block.values = values;
  block.stride = d;
  block.columns = d;
  return {block};
}

RowBlock tensor_rows(const float* values, const otf_axis* axes, int rank, int output_axis,
                     int first_row) {
  RowBlock block;
  block.stride = 1;
  for (int a = output_axis + 1; a < rank; a++) block.stride *= source_size(axes[a]);
  block.values = values + first_row * block.stride;
  int64_t columns = 1;
  bool moved = false;
  for (int a = 0; a < rank; a++) {
    if (a == output_axis) continue;
    columns *= target_size(axes[a]);
    moved |= !is_identity(axes[a]);
  }
  block.columns = static_cast<int>(columns);
  if (output_axis > 0) {
    block.offsets = offsets(axes, rank, output_axis);
  } else if (moved) {
    block.gather = std::make_shared<const Gather>(axes + 1, rank - 1);
  }
  return block;
}

}  // namespace otf
