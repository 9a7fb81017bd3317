// Rows of weight tensors as features, every other axis through its map, times a factor a row. Pure
// movement: 8 bytes an entry at the least, read and written once. A tile is 32 neurons and 64
// columns. Where each column comes from is the same for all neurons, so it is worked out once a
// tile. Reads run along the columns, which keeps whole runs of the weights together (the kernel of
// a convolution, a row of a dense layer); where neurons are the innermost axis reads run along them
// and the tile is turned over in shared memory. Runs shorter than 32 bytes waste part of a sector,
// which the neighbouring neurons of the tile then find in the first-level cache.
#include "launch.cuh"
#include "reduce.cuh"

namespace otc {
namespace {

constexpr int kWarps = 8;
constexpr int kThreads = kWarps * kWarp;
constexpr int kRows = kWarp;
constexpr int kColumns = 2 * kWarp;

// Where the column's entry of output index 0 lies.
__device__ int64_t offset_of(const otc_feature_task& task, int column) {
  int64_t offset = 0;
  int64_t stride = 1;
#pragma unroll
  for (int a = OTC_MAX_AXES - 1; a >= 0; a--) {
    if (a >= task.rank) continue;
    const otc_axis& axis = task.axes[a];
    if (a != task.output_axis) {
      int rest = column / axis.target_size;
      int index = column - rest * axis.target_size;
      offset += stride * (axis.indices == nullptr ? index : axis.indices[index]);
      column = rest;
    }
    stride *= axis.source_size;
  }
  return offset;
}

__device__ int64_t row_stride(const otc_feature_task& task) {
  int64_t stride = 1;
  for (int a = task.output_axis + 1; a < task.rank; a++) stride *= task.axes[a].source_size;
  return stride;
}

__global__ void __launch_bounds__(kThreads)
    features_kernel(const otc_feature_task* tasks, int count, int64_t tiles) {
  __shared__ int64_t offsets[kColumns];
  __shared__ float turned[kRows * (kColumns + 1)];
  int thread = static_cast<int>(threadIdx.x);
  int lane = thread % kWarp;
  int warp = thread / kWarp;
  for (int64_t tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
    const otc_feature_task& task =
        tasks[find_task(tasks, count, &otc_feature_task::first_tile, tile)];
    int across = ceil_div(task.width, kColumns);
    int local = static_cast<int>(tile - task.first_tile);
    int row = local / across * kRows;
    int column = local % across * kColumns;
    int rows = min(kRows, task.rows - row);
    int columns = min(kColumns, task.width - column);
    if (thread < columns) offsets[thread] = offset_of(task, column + thread);
    __syncthreads();

    int64_t stride = row_stride(task);
    const float* from = task.values + (task.first_row + row) * stride;
    if (stride == 1) {
      for (int c = warp; c < columns; c += kWarps) {
        if (lane < rows) turned[lane * (kColumns + 1) + c] = from[offsets[c] + lane];
      }
      __syncthreads();
    }
    for (int c = lane; c < columns; c += kWarp) {
      // All reads before the first write, so that they wait for memory together.
      float values[kRows / kWarps] = {};
#pragma unroll
      for (int k = 0; k < kRows / kWarps; k++) {
        int r = warp + k * kWarps;
        if (r >= rows) continue;
        values[k] = stride == 1 ? turned[r * (kColumns + 1) + c] : from[r * stride + offsets[c]];
        if (task.scale != nullptr) values[k] *= task.scale[row + r];
      }
      float* to = task.target + int64_t{row} * task.columns + task.first_column + column + c;
#pragma unroll
      for (int k = 0; k < kRows / kWarps; k++) {
        int r = warp + k * kWarps;
        if (r < rows) to[int64_t{r} * task.columns] = values[k];
      }
    }
    __syncthreads();
  }
}

// The columns that a task fills, or -1 where its sizes do not fit together.
int64_t width(const otc_feature_task& task) {
  if (task.rank < 1 || task.rank > OTC_MAX_AXES) return -1;
  if (task.output_axis < 0 || task.output_axis >= task.rank) return -1;
  int64_t columns = 1;
  int64_t values = 1;
  for (int a = 0; a < task.rank; a++) {
    const otc_axis& axis = task.axes[a];
    if (!is_size(axis.source_size) || !is_size(axis.target_size)) return -1;
    if (axis.indices == nullptr && axis.target_size > axis.source_size) return -1;
    values = product(values, axis.source_size);
    columns = product(columns, a == task.output_axis ? 1 : axis.target_size);
  }
  int64_t rows = task.axes[task.output_axis].source_size;
  bool fits = is_size(task.rows) && is_size(task.columns) && task.first_column >= 0 &&
              columns >= 0 && task.first_column + columns <= task.columns && task.first_row >= 0 &&
              int64_t{task.first_row} + task.rows <= rows && is_array(task.values, values) &&
              is_array(task.target, product(task.rows, task.columns));
  return fits ? columns : -1;
}

}  // namespace
}  // namespace otc

// -----------------------------------------------------------------------------------------------

int otc_features_prepare(otc_feature_task* tasks, int32_t count, otc_launch* launch) {
  if (!otc::reset(tasks, count, launch)) return cudaErrorInvalidValue;
  for (int32_t t = 0; t < count; t++) {
    otc_feature_task& task = tasks[t];
    int64_t columns = otc::width(task);
    if (columns < 0) return cudaErrorInvalidValue;
    task.width = static_cast<int32_t>(columns);
    task.first_tile = launch->tiles;
    if (!otc::append_tiles(launch->tiles, otc::ceil_div<int64_t>(task.rows, otc::kRows),
                           otc::ceil_div<int64_t>(columns, otc::kColumns))) {
      return cudaErrorInvalidValue;
    }
  }
  return cudaSuccess;
}

int otc_features(const otc_feature_task* tasks, const otc_launch* launch, void* stream) {
  if (!otc::usable(tasks, launch)) return cudaErrorInvalidValue;
  return otc::start(otc::features_kernel, launch->tiles, otc::kThreads, 0, stream, tasks,
                    launch->count, launch->tiles);
}
