// Lays out a batch of pairwise costs: which tasks go which way, tiles, and the workspace.
#include "cost.cuh"

namespace otc::cost {
namespace {

int64_t take(otc_launch* launch, int64_t floats) {
  int64_t offset = launch->workspace;
  launch->workspace += aligned(floats * 4);
  return offset;
}

void lay_out_product(otc_cost_task& task, otc_launch* launch) {
  int64_t n = task.n, m = task.m, d = task.d;
  task.x_rows = take(launch, n * d);
  task.y_rows = take(launch, m * d);
  task.scratch = take(launch, d + n + m);
  if (task.metric != OTC_COSINE) launch->tiles_b += ceil_div<int64_t>(d, kMeanColumns);
  launch->tiles_c += ceil_div<int64_t>(n + m, kRowWarps);
  launch->tiles_d += ceil_div<int64_t>(n, kEntryRows) * ceil_div<int64_t>(m, kEntryColumns);
}

}  // namespace
}  // namespace otc::cost

// -----------------------------------------------------------------------------------------------

int otc_cost_prepare(otc_cost_task* tasks, int32_t count, otc_launch* launch) {
  using namespace otc::cost;
  *launch = {};
  launch->count = count;
  for (int32_t t = 0; t < count; t++) {
    otc_cost_task& task = tasks[t];
    if (task.n < 0 || task.m < 0 || task.d < 0) return cudaErrorInvalidValue;
    if (task.metric < OTC_EUCLIDEAN || task.metric > OTC_COSINE) return cudaErrorInvalidValue;
    task.direct = is_direct(task.n, task.m, task.d);
    task.x_rows = task.y_rows = task.scratch = 0;
    task.first_tile = launch->tiles;
    task.first_mean = launch->tiles_b;
    task.first_row = launch->tiles_c;
    task.first_entry = launch->tiles_d;
    if (task.direct) {
      launch->tiles +=
          otc::ceil_div<int64_t>(task.n, kDirectTile) * otc::ceil_div<int64_t>(task.m, kDirectTile);
    } else {
      lay_out_product(task, launch);
    }
  }
  return cudaSuccess;
}
