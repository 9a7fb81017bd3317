// Lays out a batch of pairwise costs: which tasks go which way, tiles, and the workspace.
#include "cost.cuh"

namespace otc::cost {
namespace {

// Where so many floats lie in the workspace; false where there is no room left.
bool take(otc_launch* launch, int64_t floats, int64_t& offset) {
  offset = launch->workspace;
  return append(launch->workspace, aligned(floats * 4));
}

bool lay_out_product(otc_cost_task& task, otc_launch* launch) {
  int64_t n = task.n, m = task.m, d = task.d;
  bool means = task.metric != OTC_COSINE;
  return take(launch, n * d, task.x_rows) && take(launch, m * d, task.y_rows) &&
         take(launch, d + n + m, task.scratch) &&
         append_tiles(launch->tiles_b, means ? ceil_div<int64_t>(d, kMeanColumns) : 0) &&
         append_tiles(launch->tiles_c, ceil_div<int64_t>(n + m, kRowWarps)) &&
         append_tiles(launch->tiles_d, ceil_div<int64_t>(n, kEntryRows),
                      ceil_div<int64_t>(m, kEntryColumns));
}

bool lay_out_direct(const otc_cost_task& task, otc_launch* launch) {
  return append_tiles(launch->tiles, ceil_div<int64_t>(task.n, kDirectTile),
                      ceil_div<int64_t>(task.m, kDirectTile));
}

bool has_sizes(const otc_cost_task& task) {
  return is_size(task.n) && is_size(task.m) && is_size(task.d) &&
         task.metric >= OTC_EUCLIDEAN && task.metric <= OTC_COSINE &&
         is_array(task.x, product(task.n, task.d)) &&
         is_array(task.y, product(task.m, task.d)) &&
         is_array(task.cost, product(task.n, task.m));
}

}  // namespace
}  // namespace otc::cost

// -----------------------------------------------------------------------------------------------

int otc_cost_prepare(otc_cost_task* tasks, int32_t count, otc_launch* launch) {
  using namespace otc::cost;
  if (!otc::reset(tasks, count, launch)) return cudaErrorInvalidValue;
  for (int32_t t = 0; t < count; t++) {
    otc_cost_task& task = tasks[t];
    if (!has_sizes(task)) return cudaErrorInvalidValue;
    task.direct = is_direct(task.n, task.m, task.d);
    task.x_rows = task.y_rows = task.scratch = 0;
    task.first_tile = launch->tiles;
    task.first_mean = launch->tiles_b;
    task.first_row = launch->tiles_c;
    task.first_entry = launch->tiles_d;
    bool fits = task.direct ? lay_out_direct(task, launch) : lay_out_product(task, launch);
    if (!fits) return cudaErrorInvalidValue;
  }
  return cudaSuccess;
}
