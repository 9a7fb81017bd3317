// Couplings to maps: P = T diag(1/colsum), Q = diag(1/rowsum) T, and whether T is a permutation. A
// tile is 64 x 128 entries. One launch sums rows and columns within tiles, one adds the tiles of
// each line up, in order and in double, and one divides. Bytes: 8 read and 8 written an entry; the
// second reading finds what fits into the second-level cache there. The partial sums are 3 % of the
// plan.
#include "launch.cuh"
#include "reduce.cuh"

namespace otc {
namespace {

constexpr int kWarps = 8;
constexpr int kThreads = kWarps * kWarp;
constexpr int kChunks = 4;  // columns of a lane
constexpr int kTileRows = 64;
constexpr int kTileColumns = kChunks * kWarp;

// Which entry of a line is not 0, where it is one.
constexpr int kNone = -1;
constexpr int kSeveral = -2;

__device__ __forceinline__ int join(int one, int other) {
  if (one == kNone) return other;
  return other == kNone ? one : kSeveral;
}

__host__ __device__ int tiles_down(const otc_map_task& task) { return ceil_div(task.n, kTileRows); }

__host__ __device__ int tiles_across(const otc_map_task& task) {
  return ceil_div(task.m, kTileColumns);
}

// Sums and marks of the lines of every tile, then the sums of whole lines.
struct Scratch {
  float* row_parts;  // [across,n]
  int* row_marks;
  float* column_parts;  // [down,m]
  int* column_marks;
  float* row_sums;     // [n]
  float* column_sums;  // [m]

  __host__ __device__ Scratch(const otc_map_task& task, char* workspace) {
    int64_t rows = int64_t{tiles_across(task)} * task.n;
    int64_t columns = int64_t{tiles_down(task)} * task.m;
    row_parts = reinterpret_cast<float*>(workspace + task.scratch);
    row_marks = reinterpret_cast<int*>(row_parts + rows);
    column_parts = reinterpret_cast<float*>(row_marks + rows);
    column_marks = reinterpret_cast<int*>(column_parts + columns);
    row_sums = reinterpret_cast<float*>(column_marks + columns);
    column_sums = row_sums + task.n;
  }

  static int64_t bytes(const otc_map_task& task) {
    int64_t parts = int64_t{tiles_across(task)} * task.n + int64_t{tiles_down(task)} * task.m;
    return (2 * parts + task.n + task.m) * 4;
  }
};

struct Tile {
  int down;
  int across;
  int first_row;
  int rows;
  int column;  // of this lane's first chunk

  __device__ Tile(const otc_map_task& task, int64_t tile) {
    int width = max(1, tiles_across(task));
    down = static_cast<int>(tile - task.first_tile) / width;
    across = static_cast<int>(tile - task.first_tile) % width;
    first_row = down * kTileRows;
    rows = task.m == 0 ? 0 : min(kTileRows, task.n - first_row);
    column = across * kTileColumns + static_cast<int>(threadIdx.x) % kWarp;
  }
};

__global__ void __launch_bounds__(kThreads)
    map_parts(const otc_map_task* tasks, int count, int64_t tiles, char* workspace) {
  __shared__ float sums[kWarps * kTileColumns];
  __shared__ int marks[kWarps * kTileColumns];
  int thread = static_cast<int>(threadIdx.x);
  int lane = thread % kWarp;
  int warp = thread / kWarp;
  for (int64_t index = blockIdx.x; index < tiles; index += gridDim.x) {
    const otc_map_task& task = tasks[find_task(tasks, count, &otc_map_task::first_tile, index)];
    Tile tile(task, index);
    Scratch scratch(task, workspace);
    if (index == task.first_tile && thread == 0 && task.hard != nullptr) {
      *task.hard = task.n == task.m;
    }
    float column_sums[kChunks] = {};
    int column_marks[kChunks];
#pragma unroll
    for (int c = 0; c < kChunks; c++) column_marks[c] = kNone;
    for (int r = warp; r < tile.rows; r += kWarps) {
      int i = tile.first_row + r;
      const float* row = task.plan + int64_t{i} * task.m;
      float sum = 0;
      int entries = 0;
#pragma unroll
      for (int c = 0; c < kChunks; c++) {
        int j = tile.column + c * kWarp;
        float value = j < task.m ? row[j] : 0;
        sum += value;
        column_sums[c] += value;
        if (value != 0) column_marks[c] = join(column_marks[c], i);
        entries += __popc(__ballot_sync(kAllLanes, value != 0));
      }
      sum = warp_sum(sum);
      if (lane == 0) {
        int64_t at = int64_t{tile.across} * task.n + i;
        scratch.row_parts[at] = sum;
        scratch.row_marks[at] = entries == 0 ? kNone : entries == 1 ? 0 : kSeveral;
      }
    }
#pragma unroll
    for (int c = 0; c < kChunks; c++) {
      sums[warp * kTileColumns + c * kWarp + lane] = column_sums[c];
      marks[warp * kTileColumns + c * kWarp + lane] = column_marks[c];
    }
    __syncthreads();
    int j = tile.across * kTileColumns + thread;
    if (thread < kTileColumns && j < task.m && tile.rows > 0) {
      float sum = 0;
      int mark = kNone;
      for (int w = 0; w < kWarps; w++) {
        sum += sums[w * kTileColumns + thread];
        mark = join(mark, marks[w * kTileColumns + thread]);
      }
      int64_t at = int64_t{tile.down} * task.m + j;
      scratch.column_parts[at] = sum;
      scratch.column_marks[at] = mark;
    }
    __syncthreads();
  }
}

// A thread for each row, then each column.
__global__ void __launch_bounds__(kThreads)
    map_lines(const otc_map_task* tasks, int count, int64_t tiles, char* workspace) {
  for (int64_t tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
    const otc_map_task& task = tasks[find_task(tasks, count, &otc_map_task::first_line, tile)];
    Scratch scratch(task, workspace);
    int64_t line = (tile - task.first_line) * kThreads + threadIdx.x;
    bool row = line < task.n;
    if (!row) line -= task.n;
    if (!row && line >= task.m) continue;
    const int length = row ? task.n : task.m;
    const int parts = row ? tiles_across(task) : tiles_down(task);
    const float* sums = (row ? scratch.row_parts : scratch.column_parts) + line;
    const int* marks = (row ? scratch.row_marks : scratch.column_marks) + line;
    double sum = 0;
    int mark = kNone;
    for (int p = 0; p < parts; p++) {
      sum += sums[int64_t{p} * length];
      mark = join(mark, marks[int64_t{p} * length]);
    }
    (row ? scratch.row_sums : scratch.column_sums)[line] = static_cast<float>(sum);
    if (!row && task.source != nullptr) task.source[line] = mark;
    if (mark < 0 && task.hard != nullptr) *task.hard = 0;  // whoever writes, writes this
  }
}

__global__ void __launch_bounds__(kThreads, 4)
    map_entries(const otc_map_task* tasks, int count, int64_t tiles, char* workspace) {
  int warp = static_cast<int>(threadIdx.x) / kWarp;
  for (int64_t index = blockIdx.x; index < tiles; index += gridDim.x) {
    const otc_map_task& task = tasks[find_task(tasks, count, &otc_map_task::first_tile, index)];
    Tile tile(task, index);
    Scratch scratch(task, workspace);
    const int m = task.m;
    float column_sums[kChunks];
#pragma unroll
    for (int c = 0; c < kChunks; c++) {
      int j = tile.column + c * kWarp;
      column_sums[c] = j < m ? scratch.column_sums[j] : 0;
    }
    for (int r = warp; r < tile.rows; r += kWarps) {
      int i = tile.first_row + r;
      int64_t first = int64_t{i} * m + tile.column;
      float row_sum = scratch.row_sums[i];
      float values[kChunks];
#pragma unroll
      for (int c = 0; c < kChunks; c++) {
        values[c] = tile.column + c * kWarp < m ? task.plan[first + c * kWarp] : 0;
      }
#pragma unroll
      for (int c = 0; c < kChunks; c++) {
        if (tile.column + c * kWarp >= m) continue;
        int64_t at = first + c * kWarp;
        task.p[at] = column_sums[c] > 0 ? values[c] / column_sums[c] : 1.0f / task.n;
        task.q[at] = row_sum > 0 ? values[c] / row_sum : 1.0f / m;
      }
    }
  }
}

}  // namespace
}  // namespace otc

// -----------------------------------------------------------------------------------------------

namespace {

bool has_sizes(const otc_map_task& task) {
  int64_t entries = otc::product(task.n, task.m);
  return otc::is_size(task.n) && otc::is_size(task.m) && otc::is_array(task.plan, entries) &&
         otc::is_array(task.p, entries) && otc::is_array(task.q, entries);
}

}  // namespace

int otc_maps_prepare(otc_map_task* tasks, int32_t count, otc_launch* launch) {
  if (!otc::reset(tasks, count, launch)) return cudaErrorInvalidValue;
  for (int32_t t = 0; t < count; t++) {
    otc_map_task& task = tasks[t];
    if (!has_sizes(task)) return cudaErrorInvalidValue;
    task.first_tile = launch->tiles;
    task.first_line = launch->tiles_b;
    // An empty plan has a tile too, which says whether it is a permutation.
    int64_t tiles = int64_t{otc::tiles_down(task)} * otc::tiles_across(task);
    task.scratch = launch->workspace;
    bool fits =
        otc::append_tiles(launch->tiles, tiles > 0 ? tiles : 1) &&
        otc::append(launch->tiles_b,
                    otc::ceil_div<int64_t>(int64_t{task.n} + task.m, otc::kThreads)) &&
        otc::append(launch->workspace, otc::aligned(otc::Scratch::bytes(task)));
    if (!fits) return cudaErrorInvalidValue;
  }
  return cudaSuccess;
}

int otc_maps(const otc_map_task* tasks, const otc_launch* launch, void* workspace, void* stream) {
  if (!otc::usable(tasks, launch, workspace)) return cudaErrorInvalidValue;
  char* memory = static_cast<char*>(workspace);
  int error = otc::start(otc::map_parts, launch->tiles, otc::kThreads, 0, stream, tasks,
                         launch->count, launch->tiles, memory);
  if (error != cudaSuccess) return error;
  error = otc::start(otc::map_lines, launch->tiles_b, otc::kThreads, 0, stream, tasks,
                     launch->count, launch->tiles_b, memory);
  if (error != cudaSuccess) return error;
  return otc::start(otc::map_entries, launch->tiles, otc::kThreads, 0, stream, tasks, launch->count,
                    launch->tiles, memory);
}
