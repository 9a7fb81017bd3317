// Pairwise costs of long features around a matrix product that cuBLAS does in between:
// |x - y|^2 = |x|^2 + |y|^2 - 2 x.y after subtracting the mean of the anchor's rows from both
// sides, which distances do not feel and cancellation does. Cosine normalises the rows instead, so
// that the product is the cosine. Where the three terms still cancel, or the cosine is close to 1,
// a warp takes the distance again from the difference of the two rows; that happens to few pairs,
// the matches. Where squares, norms or products leave float's range, it does so in double.
//
// Bytes: the means 4 m d read; centring 4 (n + m) d read and as much written, the norms on the way;
// finishing 4 n m read and written. All of it moves memory only; the product's 2 n m d operations
// are the work. Norms are compensated float sums, see reduce.cuh.
#include "cost.cuh"

namespace otc::cost {
namespace {

// Below this share of |x|^2 + |y|^2 a squared distance has lost too many digits.
constexpr float kNear = 1.0f / 64;

constexpr int kMeanWarps = 32;
constexpr int kEntryWarps = 8;
constexpr int kChunks = kEntryColumns / kWarp;

struct Scratch {
  float* mean;     // [d]
  float* x_norms;  // [n], squared
  float* y_norms;  // [m]

  __device__ Scratch(const otc_cost_task& task, char* workspace)
      : mean(reinterpret_cast<float*>(workspace + task.scratch)),
        x_norms(mean + task.d),
        y_norms(x_norms + task.n) {}
};

// A tile is the means of 32 columns of y; the warps of a block share the rows.
__global__ void __launch_bounds__(kMeanWarps* kWarp)
    cost_means(const otc_cost_task* tasks, int count, int64_t tiles, char* workspace) {
  __shared__ float parts[kMeanWarps * kWarp];
  int lane = static_cast<int>(threadIdx.x) % kWarp;
  int warp = static_cast<int>(threadIdx.x) / kWarp;
  for (int64_t tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
    const otc_cost_task& task = tasks[find_task(tasks, count, &otc_cost_task::first_mean, tile)];
    int column = static_cast<int>(tile - task.first_mean) * kMeanColumns + lane;
    float sum = 0;
    if (column < task.d) {
#pragma unroll 4
      for (int j = warp; j < task.m; j += kMeanWarps) sum += task.y[int64_t{j} * task.d + column];
    }
    parts[threadIdx.x] = sum;
    __syncthreads();
    if (warp == 0 && column < task.d) {
      double total = 0;
      for (int w = 0; w < kMeanWarps; w++) total += parts[w * kWarp + lane];
      // What is subtracted changes no distance, but must not carry one row's infinity to all.
      float mean = static_cast<float>(total / task.m);
      Scratch(task, workspace).mean[column] = fabsf(mean) <= kLargest ? mean : 0;
    }
    __syncthreads();
  }
}

// to = from - mean; the squared norm of what is written, in every lane.
__device__ double center_row(const float* __restrict__ from, const float* __restrict__ mean,
                             float* __restrict__ to, int d, int lane) {
  Compensated sum;
#pragma unroll 4
  for (int k = lane; k < d; k += kWarp) {
    float value = from[k] - mean[k];
    to[k] = value;
    sum.add_square(value);
  }
  return warp_sum(sum.value());
}

__device__ void normalise_row(const float* __restrict__ from, float* __restrict__ to, int d,
                              int lane) {
  Compensated sum;
#pragma unroll 4
  for (int k = lane; k < d; k += kWarp) sum.add_square(from[k]);
  double square = warp_sum(sum.value());
  if (!in_range(square)) square = wide_square(from, d, lane);
  float factor = inverse_norm(square);
#pragma unroll 4
  for (int k = lane; k < d; k += kWarp) to[k] = from[k] * factor;
}

// A warp for each row of x, then of y.
__global__ void __launch_bounds__(kRowWarps* kWarp)
    cost_rows(const otc_cost_task* tasks, int count, int64_t tiles, char* workspace) {
  int lane = static_cast<int>(threadIdx.x) % kWarp;
  int warp = static_cast<int>(threadIdx.x) / kWarp;
  for (int64_t tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
    const otc_cost_task& task = tasks[find_task(tasks, count, &otc_cost_task::first_row, tile)];
    int64_t row = (tile - task.first_row) * kRowWarps + warp;
    bool of_x = row < task.n;
    if (!of_x) row -= task.n;
    if (!of_x && row >= task.m) continue;
    const float* from = (of_x ? task.x : task.y) + row * task.d;
    float* to =
        reinterpret_cast<float*>(workspace + (of_x ? task.x_rows : task.y_rows)) + row * task.d;
    if (task.metric == OTC_COSINE) {
      normalise_row(from, to, task.d, lane);
    } else {
      Scratch scratch(task, workspace);
      double square = center_row(from, scratch.mean, to, task.d, lane);
      if (lane == 0) (of_x ? scratch.x_norms : scratch.y_norms)[row] = static_cast<float>(square);
    }
  }
}

// |x - y|^2 from the differences, by a warp.
__device__ float squared_distance(const float* x, const float* y, int d, int lane) {
  Compensated sum;
#pragma unroll 4
  for (int k = lane; k < d; k += kWarp) sum.add_square(x[k] - y[k]);
  return static_cast<float>(warp_sum(sum.value()));
}

// The rows whose difference decides about near pairs.
struct Rows {
  const float* x;
  const float* y;

  __device__ Rows(const otc_cost_task& task, const char* workspace) : x(task.x), y(task.y) {
    if (task.metric == OTC_COSINE) {
      x = reinterpret_cast<const float*>(workspace + task.x_rows);
      y = reinterpret_cast<const float*>(workspace + task.y_rows);
    }
  }
};

// The cost of row i of x and row j of y from their difference, by a warp.
__device__ float pair_cost(const otc_cost_task& task, const char* workspace, int64_t i, int64_t j,
                           int lane) {
  const Rows rows(task, workspace);
  float square = squared_distance(rows.x + i * task.d, rows.y + j * task.d, task.d, lane);
  if (!(square >= kLeast && square <= kLargest)) {
    return wide_cost(task.x + i * task.d, task.y + j * task.d, task.d, task.metric, lane);
  }
  if (task.metric == OTC_COSINE) return 0.5f * square;
  return task.metric == OTC_EUCLIDEAN ? sqrtf(square) : square;
}

// A tile is 32 x 128 entries; a warp takes 4 of the rows, a lane 4 of the columns.
// Three blocks a multiprocessor leave room for the registers of the pairs that are taken again.
__global__ void __launch_bounds__(kEntryWarps* kWarp, 3)
    cost_entries(const otc_cost_task* tasks, int count, int64_t tiles, char* workspace) {
  int lane = static_cast<int>(threadIdx.x) % kWarp;
  int warp = static_cast<int>(threadIdx.x) / kWarp;
  for (int64_t tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
    const otc_cost_task& task = tasks[find_task(tasks, count, &otc_cost_task::first_entry, tile)];
    const int tiles_across = ceil_div(task.m, kEntryColumns);
    int local = static_cast<int>(tile - task.first_entry);
    int first_row = local / tiles_across * kEntryRows;
    int column = local % tiles_across * kEntryColumns + lane;
    const bool cosine = task.metric == OTC_COSINE;
    Scratch scratch(task, workspace);
    float y_norms[kChunks] = {};
    if (!cosine) {
#pragma unroll
      for (int c = 0; c < kChunks; c++) {
        if (column + c * kWarp < task.m) y_norms[c] = scratch.y_norms[column + c * kWarp];
      }
    }
    for (int i = first_row + warp; i < min(first_row + kEntryRows, task.n); i += kEntryWarps) {
      float* entries = task.cost + int64_t{i} * task.m + column;
      float x_norm = cosine ? 0 : scratch.x_norms[i];
      float products[kChunks];
#pragma unroll
      for (int c = 0; c < kChunks; c++) {
        products[c] = column + c * kWarp < task.m ? entries[c * kWarp] : 0;
      }
      unsigned near = 0;  // a bit for each of the lane's entries
#pragma unroll
      for (int c = 0; c < kChunks; c++) {
        float norms = cosine ? 1 : x_norm + y_norms[c];
        float value = cosine ? 1 - products[c] : fmaf(-2, products[c], norms);
        if (column + c * kWarp >= task.m) continue;
        bool held = value >= kNear * norms && value <= kLargest && norms >= kLeast;
        if (!held) near |= 1u << c;
        entries[c * kWarp] = task.metric == OTC_EUCLIDEAN ? sqrtf(fmaxf(value, 0)) : value;
      }
      unsigned lanes = __ballot_sync(kAllLanes, near != 0);
      while (lanes != 0) {
        int owner = __ffs(static_cast<int>(lanes)) - 1;
        unsigned rest = __shfl_sync(kAllLanes, near, owner);
        lanes &= lanes - 1;
        while (rest != 0) {
          int chunk = __ffs(static_cast<int>(rest)) - 1;
          rest &= rest - 1;
          int64_t j = column - lane + owner + chunk * kWarp;
          float value = pair_cost(task, workspace, i, j, lane);
          if (lane == owner) entries[chunk * kWarp] = value;
        }
      }
    }
  }
}

}  // namespace
}  // namespace otc::cost

// -----------------------------------------------------------------------------------------------

int otc_cost_center(const otc_cost_task* tasks, const otc_launch* launch, void* workspace,
                    void* stream) {
  using namespace otc::cost;
  if (!otc::usable(tasks, launch, workspace)) return cudaErrorInvalidValue;
  char* memory = static_cast<char*>(workspace);
  int error = otc::start(cost_means, launch->tiles_b, kMeanWarps * otc::kWarp, 0, stream, tasks,
                         launch->count, launch->tiles_b, memory);
  if (error != cudaSuccess) return error;
  return otc::start(cost_rows, launch->tiles_c, kRowWarps * otc::kWarp, 0, stream, tasks,
                    launch->count, launch->tiles_c, memory);
}

int otc_cost_finish(const otc_cost_task* tasks, const otc_launch* launch, void* workspace,
                    void* stream) {
  using namespace otc::cost;
  if (!otc::usable(tasks, launch, workspace)) return cudaErrorInvalidValue;
  return otc::start(cost_entries, launch->tiles_d, kEntryWarps * otc::kWarp, 0, stream, tasks,
                    launch->count, launch->tiles_d, static_cast<char*>(workspace));
}
