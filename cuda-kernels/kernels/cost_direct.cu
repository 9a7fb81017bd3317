// Pairwise costs of short features and of small problems from the differences themselves: nothing
// to centre, nothing that cancels, one launch. A block computes a tile of 64 x 64 entries, 4 x 4 a
// thread, from pieces of up to 64 features of 64 rows of each side, which lie in shared memory with
// the features outermost. Cosine first takes the norms of the rows, then divides by them while
// loading and uses 1 - cos = |x/|x| - y/|y||^2 / 2. Where a square or a norm may have left float's
// range a warp takes the pair again in double.
//
// Cost: (n + m) d floats read from the second-level cache, once for each tile that needs them
// (cosine twice); n m floats written; 2 n m d instructions (a subtraction and a multiply-add), 5
// reads of shared memory for each 16 pairs of them. Short features are bound by the writes, long
// ones by the instructions.
#include "cost.cuh"

namespace otc::cost {
namespace {

constexpr int kThreads = 256;
constexpr int kPair = 4;                      // a thread's rows and its columns
constexpr int kAcross = kDirectTile / kPair;  // threads along a tile
// Floats from one feature to the next: x is read in vectors, y must be written without conflicts.
constexpr int kStrideX = kDirectTile + 4;
constexpr int kStrideY = kDirectTile + 1;

// A tile of pairs and what it is made of.
struct Tile {
  const float* x;  // [rows,d]
  const float* y;  // [columns,d]
  int rows;
  int columns;
  int d;
};

// Turns `length` features of the rows, from `first` on, into columns; each row times its factor, if
// there are factors. Rows that are not there become 0.
__device__ void load(const float* from, int rows, int d, int first, int length,
                     const float* factors, float* tile, int stride) {
  int r = static_cast<int>(threadIdx.x) / length;
  int k = static_cast<int>(threadIdx.x) % length;
  const int rows_a_step = kThreads / length;
  const int features_a_step = kThreads % length;
  while (r < kDirectTile) {
    float value = r < rows ? from[int64_t{r} * d + first + k] : 0;
    tile[k * stride + r] = factors == nullptr ? value : value * factors[r];
    r += rows_a_step;
    k += features_a_step;
    if (k >= length) {
      k -= length;
      r++;
    }
  }
}

// Loads a piece of both sides; the caller waits for the others.
__device__ void load(const Tile& tile, int first, int length, const float* factors, float* x_tile,
                     float* y_tile) {
  load(tile.x, tile.rows, tile.d, first, length, factors, x_tile, kStrideX);
  load(tile.y, tile.columns, tile.d, first, length,
       factors == nullptr ? nullptr : factors + kDirectTile, y_tile, kStrideY);
}

class Double {
 public:
  __device__ void add_square(float value) {
    sum_ = fma(static_cast<double>(value), static_cast<double>(value), sum_);
  }
  __device__ double value() const { return sum_; }

 private:
  double sum_ = 0;
};

// The squared norm of a row of x in each of the first threads, of y in each of the next; by all.
template <class Total>
__device__ double squared_norm(const Tile& tile, float* x_tile, float* y_tile) {
  int thread = static_cast<int>(threadIdx.x);
  Total total;
  for (int first = 0; first < tile.d; first += kDirectLength) {
    const int length = min(kDirectLength, tile.d - first);
    load(tile, first, length, nullptr, x_tile, y_tile);
    __syncthreads();
    if (thread < 2 * kDirectTile) {
      bool of_x = thread < kDirectTile;
      const float* row = of_x ? x_tile + thread : y_tile + thread - kDirectTile;
      const int stride = of_x ? kStrideX : kStrideY;
      for (int k = 0; k < length; k++) total.add_square(row[k * stride]);
    }
    __syncthreads();
  }
  return total.value();
}

// factors = 1 / norm of the rows of x, then of y; see inverse_norm.
__device__ void normalise(const Tile& tile, float* factors, float* x_tile, float* y_tile) {
  int thread = static_cast<int>(threadIdx.x);
  bool there = thread < kDirectTile ? thread < tile.rows : thread - kDirectTile < tile.columns;
  there = there && thread < 2 * kDirectTile;
  double square = squared_norm<Compensated>(tile, x_tile, y_tile);
  const bool again = there && !in_range(square);
  if (__syncthreads_or(again)) {
    double wide = squared_norm<Double>(tile, x_tile, y_tile);
    if (again) square = wide;
  }
  if (thread < 2 * kDirectTile) factors[thread] = inverse_norm(square);
  __syncthreads();
}

// The doubtful pairs of the warp's threads in double, one after the other.
__device__ void take_again(const otc_cost_task& task, const Tile& tile, int row, int column,
                           unsigned doubtful) {
  int lane = static_cast<int>(threadIdx.x) % kWarp;
  unsigned lanes = __ballot_sync(kAllLanes, doubtful != 0);
  while (lanes != 0) {
    int owner = __ffs(static_cast<int>(lanes)) - 1;
    unsigned rest = __shfl_sync(kAllLanes, doubtful, owner);
    lanes &= lanes - 1;
    int thread = static_cast<int>(threadIdx.x) - lane + owner;
    while (rest != 0) {
      int pair = __ffs(static_cast<int>(rest)) - 1;
      rest &= rest - 1;
      int i = thread / kAcross * kPair + pair / kPair;
      int j = thread % kAcross + pair % kPair * kAcross;
      float value = wide_cost(tile.x + int64_t{i} * tile.d, tile.y + int64_t{j} * tile.d, tile.d,
                              task.metric, lane);
      if (lane == owner) task.cost[int64_t{row + i} * task.m + column + j] = value;
    }
  }
}

// Three blocks a multiprocessor leave room for the registers of the pairs that are taken again.
__global__ void __launch_bounds__(kThreads, 3)
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
    const Tile pairs{task.x + int64_t{row} * task.d, task.y + int64_t{column} * task.d, rows,
                     columns, task.d};
    const bool cosine = task.metric == OTC_COSINE;
    if (cosine) normalise(pairs, factors, x_tile, y_tile);

    float sums[kPair][kPair] = {};
    for (int first = 0; first < pairs.d; first += kDirectLength) {
      const int length = min(kDirectLength, pairs.d - first);
      load(pairs, first, length, cosine ? factors : nullptr, x_tile, y_tile);
      __syncthreads();
      for (int k = 0; k < length; k++) {
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
      __syncthreads();
    }

    unsigned doubtful = 0;  // a bit for each of the thread's pairs
#pragma unroll
    for (int r = 0; r < kPair; r++) {
      int i = down * kPair + r;
#pragma unroll
      for (int c = 0; c < kPair; c++) {
        int j = across + c * kAcross;
        if (i >= rows || j >= columns) continue;
        float value = sums[r][c];
        bool directions = !cosine || (factors[i] != 0 && factors[kDirectTile + j] != 0);
        bool held = value >= kLeast && value <= kLargest;
        if (!held && (directions || value != 0)) doubtful |= 1u << (r * kPair + c);
        if (task.metric == OTC_EUCLIDEAN) {
          value = sqrtf(value);
        } else if (cosine) {
          value = directions ? 0.5f * value : 1;
        }
        task.cost[int64_t{row + i} * task.m + column + j] = value;
      }
    }
    take_again(task, pairs, row, column, doubtful);
    __syncthreads();
  }
}

}  // namespace
}  // namespace otc::cost

// -----------------------------------------------------------------------------------------------

int otc_cost_direct(const otc_cost_task* tasks, const otc_launch* launch, void* stream) {
  if (!otc::usable(tasks, launch)) return cudaErrorInvalidValue;
  return otc::start(otc::cost::cost_direct_kernel, launch->tiles, otc::cost::kThreads, 0, stream,
                    tasks, launch->count, launch->tiles);
}
