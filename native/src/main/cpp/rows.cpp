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

std::vector<otf_axis> feature_axes(const otf_axis* axes, int rank, int output_axis,
                                   otf_segment* kept) {
  std::vector<otf_axis> result(axes, axes + rank);
  int32_t size = static_cast<int32_t>(source_size(axes[output_axis]));
  *kept = {OTF_IDENTITY, size, size, 1, nullptr, nullptr};
  result[static_cast<size_t>(output_axis)] = {kept, 1};
  return result;
}

RowBlock tensor_rows(Engine& engine, const float* values, const std::vector<otf_axis>& axes,
                     int output_axis, int first, int rows, Scratch* scratch) {
  int rank = static_cast<int>(axes.size());
  int64_t columns = 1;
  for (int a = 0; a < rank; a++) columns *= a == output_axis ? 1 : target_size(axes[a]);
  if (columns > 0 && std::any_of(axes.begin(), axes.end(), is_soft)) {
    Softened soft = soften(engine, values, axes.data(), rank, {output_axis, first, rows}, scratch);
    return tensor_rows(engine, soft.values, soft.axes, output_axis, 0, rows, scratch);
  }
  RowBlock block;
  block.stride = 1;
  bool moved = false;
  for (int a = 0; a < rank; a++) {
    if (a == output_axis) continue;
    if (a > output_axis) block.stride *= source_size(axes[a]);
    moved |= !is_identity(axes[a]);
  }
  block.values = values + first * block.stride;
  block.columns = static_cast<int>(columns);
  if (output_axis > 0) {
    block.offsets = offsets(axes.data(), rank, output_axis);
  } else if (moved) {
    block.gather = std::make_shared<const Gather>(axes.data() + 1, rank - 1);
  }
  return block;
}

}  // namespace otf
