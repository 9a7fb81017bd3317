// Pairwise costs of short features from the differences themselves: nothing to centre, nothing that
// cancels, one launch. A block computes a tile of 64 x 64 entries, 4 x 4 a thread, from 64 rows of
// each side that lie in shared memory as a whole, columns of the features outermost. Cosine
// normalises the rows there first and uses 1 - cos = |x/|x| - y/|y||^2 / 2.
//
// Cost: (n + m) d floats read from the second-level cache, once for each tile that needs them; n m
// floats written; 2 n m d instructions (a subtraction and a multiply-add), 5 reads of shared memory
// for each 16 pairs of them. Short features are bound by the writes, long ones by the instructions.
#include "cost.cuh"

namespace otc::cost {
namespace {

constexpr int kThreads = 256;
constexpr int kPair = 4;                      // a thread's rows and its columns
constexpr int kAcross = kDirectTile / kPair;  // threads along a tile
// Floats from one feature to the next: x is read in vectors, y must be written without conflicts.
constexpr int kStrideX = kDirectTile + 4;
constexpr int kStrideY = kDirectTile + 1;

// Turns rows [rows,d] into columns; rows that are not there become 0.
__device__ void load(const float* from, int rows, int d, float* tile, int stride) {
  if (d == 0) return;
  int r = static_cast<int>(threadIdx.x) / d;
  int k = static_cast<int>(threadIdx.x) % d;
  const int rows_a_step = kThreads / d;
  const int features_a_step = kThreads % d;
  while (r < kDirectTile) {
    tile[k * stride + r] = r < rows ? from[r * d + k] : 0;
    r += rows_a_step;
    k += features_a_step;
    if (k >= d) {
      k -= d;
      r++;
    }
  }
}

// Divides one row by its norm; returns 0 if it has none.
__device__ float normalise(float* row, int d, int stride) {
  Compensated sum;
  for (int k = 0; k < d; k++) sum.add_square(row[k * stride]);
  double square = sum.value();
  if (!in_range(square)) {
    square = 0;
    for (int k = 0; k < d; k++) square += static_cast<double>(row[k * stride]) * row[k * stride];
  }
  float factor = inverse_norm(square);
  for (int k = 0; k < d; k++) row[k * stride] *= factor;
  return factor;
}

__global__ void __launch_bounds__(kThreads)
    cost_direct_kernel(const otc_cost_task* tasks, int count, int64_t tiles) {
  __shared__ float4 x_vectors[kDirectLength * kStrideX / 4];
  __shared__ float y_tile[kDirectLength * kStrideY];
  __shared__ float factors[2 * kDirectTile];
  float* x_tile = reinterpret_cast<float*>(x_vectors);
  int thread = static_cast<int>(threadIdx.x);
  int across = thread % kAcross;
  int down = thread / kAcross;
  for (int64_t tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
    const otc_cost_task& task = tasks[find_task(tasks, count, &otc_cost_task::first_tile, tile)];
    const int tiles_across = ceil_div(task.m, kDirectTile);
    int local = static_cast<int>(tile - task.first_tile);
    int row = local / tiles_across * kDirectTile;
    int column = local % tiles_across * kDirectTile;
    const int rows = min(kDirectTile, task.n - row);
    const int columns = min(kDirectTile, task.m - column);
    const int d = task.d;
    load(task.x + int64_t{row} * d, rows, d, x_tile, kStrideX);
    load(task.y + int64_t{column} * d, columns, d, y_tile, kStrideY);
    __syncthreads();
    if (task.metric == OTC_COSINE) {
      if (thread < kDirectTile) {
        factors[thread] = normalise(x_tile + thread, d, kStrideX);
      } else if (thread < 2 * kDirectTile) {
        factors[thread] = normalise(y_tile + thread - kDirectTile, d, kStrideY);
      }
      __syncthreads();
    }

    float sums[kPair][kPair] = {};
    for (int k = 0; k < d; k++) {
      float4 x = x_vectors[k * (kStrideX / 4) + down];
      float xs[kPair] = {x.x, x.y, x.z, x.w};
#pragma unroll
      for (int c = 0; c < kPair; c++) {
        float y = y_tile[k * kStrideY + across + c * kAcross];
#pragma unroll
        for (int r = 0; r < kPair; r++) {
          float difference = xs[r] - y;
          sums[r][c] = fmaf(difference, difference, sums[r][c]);
        }
      }
    }

#pragma unroll
    for (int r = 0; r < kPair; r++) {
      int i = down * kPair + r;
#pragma unroll
      for (int c = 0; c < kPair; c++) {
        int j = across + c * kAcross;
        if (i >= rows || j >= columns) continue;
        float value = sums[r][c];
        if (task.metric == OTC_EUCLIDEAN) {
          value = sqrtf(value);
        } else if (task.metric == OTC_COSINE) {
          bool directions = factors[i] != 0 && factors[kDirectTile + j] != 0;
          value = directions ? 0.5f * value : 1;
        }
        task.cost[int64_t{row + i} * task.m + column + j] = value;
      }
    }
    __syncthreads();
  }
}

}  // namespace
}  // namespace otc::cost

// -----------------------------------------------------------------------------------------------

int otc_cost_direct(const otc_cost_task* tasks, const otc_launch* launch, void* stream) {
  return otc::start(otc::cost::cost_direct_kernel, launch->tiles, otc::cost::kThreads, 0, stream,
                    tasks, launch->count, launch->tiles);
}
