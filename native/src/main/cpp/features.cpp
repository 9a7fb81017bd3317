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
    Scratch scratch[2];
    Softened soft = soften(engine, task.values, task.axes, task.rank, task.output_axis, scratch);
    RowBlock block =
        tensor_rows(soft.values, soft.axes.data(), task.rank, task.output_axis, task.first_row);
    block.scale = task.scale;
    engine.pool.run((task.rows + kRowsAtOnce - 1) / kRowsAtOnce, [&](int64_t index, int) {
      int first = static_cast<int>(index) * kRowsAtOnce;
      float* out = task.target + static_cast<int64_t>(first) * task.columns + task.first_column;
      block.fetch(engine.kernels, first, std::min(kRowsAtOnce, task.rows - first), 0, block.columns,
                  out, task.columns);
    });
  }
}

}  // namespace otf
