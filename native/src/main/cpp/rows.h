// Feature rows as they lie in the weights: a piece of a feature matrix is put together only where it
// is needed, so that the matrix [n,d] itself never is.
#pragma once

#include <memory>
#include <vector>

#include "axes.h"

namespace otf {

// The columns that one producer gives.
struct RowBlock {
  const float* values = nullptr;  // of row 0
  int64_t stride = 0;             // from a row to the next
  int columns = 0;                // `extra` included
  // How a row's columns lie: contiguous if neither is there.
  std::shared_ptr<const Gather> gather;
  std::vector<int64_t> offsets;
  const float* scale = nullptr;  // of each row, or null
  const float* extra = nullptr;  // one more column, behind the others and not scaled, or null

  // Whether so many columns from `column` on lie in memory as they are needed.
  bool plain(int column, int count) const {
    return gather == nullptr && offsets.empty() && scale == nullptr &&
           (extra == nullptr || column + count < columns);
  }

  // Writes columns of some rows to rows `to` floats apart.
  void fetch(const Kernels& kernels, int row, int rows, int column, int count, float* out,
             ptrdiff_t to) const;
};

// Rows [n,d] as blocks of columns.
using FeatureRows = std::vector<RowBlock>;

// A matrix as it lies.
FeatureRows plain_rows(const float* values, int d);

// The axes of a tensor for its features: that of the neurons stays as it is.
std::vector<otf_axis> feature_axes(const otf_axis* axes, int rank, int output_axis, otf_segment* kept);

// The columns of a tensor whose neurons lie on `output_axis`, for neurons from `first` on, under the
// maps of its other axes. With soft ones the rows are worked out, into one of two scratches.
RowBlock tensor_rows(Engine& engine, const float* values, const std::vector<otf_axis>& axes,
                     int output_axis, int first, int rows, Scratch* scratch);

}  // namespace otf
