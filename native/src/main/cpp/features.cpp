// Tensors to feature rows: the maps of the other axes and the scale of each row in one pass.
#include <algorithm>

#include "rows.h"

namespace otf {
namespace {

constexpr int kRowsAtOnce = 16;

}  // namespace

void features(Engine& engine, const otf_feature_task* tasks, int count) {
  for (int t = 0; t < count; t++) {
    const otf_feature_task& task = tasks[t];
    if (task.rows == 0) continue;
    otf_segment kept{};
    std::vector<otf_axis> axes = feature_axes(task.axes, task.rank, task.output_axis, &kept);
    bool soft = std::any_of(axes.begin(), axes.end(), is_soft);
    int64_t slab = soft ? slab_size(axes.data(), task.rank, task.output_axis) : task.rows;
    int most = static_cast<int>(std::min<int64_t>(slab, task.rows));
    Scratch scratch[2];
    for (int first = 0; first < task.rows; first += most) {
      int rows = std::min(most, task.rows - first);
      RowBlock block = tensor_rows(engine, task.values, axes, task.output_axis, task.first_row + first,
                                   rows, scratch);
      block.scale = task.scale == nullptr ? nullptr : task.scale + first;
      float* target = task.target + static_cast<int64_t>(first) * task.columns + task.first_column;
      engine.pool.run((rows + kRowsAtOnce - 1) / kRowsAtOnce, [&](int64_t index, int) {
        int row = static_cast<int>(index) * kRowsAtOnce;
        block.fetch(engine.kernels, row, std::min(kRowsAtOnce, rows - row), 0, block.columns,
                    target + static_cast<int64_t>(row) * task.columns, task.columns);
      });
    }
  }
}

}  // namespace otf
