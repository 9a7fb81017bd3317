// How a Sinkhorn problem is cut up, and where its arrays lie. All of it follows from n, m and the
// size of a block, so that host and device agree and sums are taken in the same order whatever the
// batch, the grid and the team are.
//
// A lane owns 4 * quads columns; `across` warps side by side cover a row, `down` such rows of warps
// stand below each other, and a warp takes `rows` matrix rows at once (32 registers), so that a
// block takes `step` rows at once. Rows are summed in chunks of whole steps.
#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>

#include "launch.cuh"
#include "reduce.cuh"
#include "sinkhorn_exponent.cuh"

namespace otc {

constexpr int kMostThreads = 512;
constexpr int kMostWarps = kMostThreads / kWarp;
constexpr int kQuad = 4;
constexpr int kMostQuads = 4;
// Chunks of one problem: enough to keep all multiprocessors at work, and few enough that their
// column sums are a small part of the matrix.
constexpr int kMostChunks = 256;

struct Tiling {
  int stride;  // of the matrix' rows, in floats
  int quads;
  int across;
  int down;
  int rows;
  int step;
  int chunk;  // rows
  int chunks;
  int panels;  // of across * 128 * quads columns; above 1 only for m > 8192

  Tiling() = default;

  // For a block alone all rows are one chunk.
  __host__ __device__ Tiling(int n, int m, int warps, bool team) {
    stride = ceil_div(m, kQuad) * kQuad;
    quads = m <= kWarp * kQuad ? 1 : m <= 2 * kWarp * kQuad ? 2 : kMostQuads;
    across = 1;
    while (across < warps && across * width() < m) across *= 2;
    down = warps / across;
    rows = 8 / quads;
    step = down * rows;
    chunk = step * ceil_div(n, team ? step * kMostChunks : step);
    chunks = ceil_div(n, chunk);
    panels = ceil_div(m, across * width());
  }

  // Columns of a warp.
  __host__ __device__ int width() const { return kWarp * kQuad * quads; }
};

// Cuts one piece of memory into arrays; counts bytes only where there is no memory.
class Carver {
 public:
  __host__ __device__ explicit Carver(char* memory = nullptr) : memory_(memory) {}

  template <class T>
  __host__ __device__ T* take(int64_t count) {
    T* array = memory_ == nullptr ? nullptr : reinterpret_cast<T*>(memory_ + bytes_);
    bytes_ += ceil_div<int64_t>(count * static_cast<int64_t>(sizeof(T)), 16) * 16;
    return array;
  }

  __host__ __device__ int64_t bytes() const { return bytes_; }

 private:
  char* memory_;
  int64_t bytes_ = 0;
};

// What a problem keeps for each row and column. Potentials are to base 2 and less the logarithm of
// the weights: the plan is 2^(row base + column base - unit * cost) times scaling and weight of row
// and column.
struct Arrays {
  Twofold* row_base;      // [n] what the matrix is made with
  Twofold* row_total;     // [n] the true one where that is another
  float* row_scaling[2];  // [n] since the matrix was made: current and next
  float* row_weight;      // [n] a, to the power of the damping
  Twofold* column_base;   // [m]
  Twofold* column_total;  // [m]
  float* column_scaling[2];
  float* column_weight;  // [m] b, to the power of the damping
  float* column_factor;  // [stride] weight times scaling, 0 beyond m

  Arrays() = default;

  __host__ __device__ Arrays(Carver& carver, int n, int m, int stride) {
    row_base = carver.take<Twofold>(n);
    row_total = carver.take<Twofold>(n);
    for (float*& scaling : row_scaling) scaling = carver.take<float>(n);
    row_weight = carver.take<float>(n);
    column_base = carver.take<Twofold>(m);
    column_total = carver.take<Twofold>(m);
    for (float*& scaling : column_scaling) scaling = carver.take<float>(m);
    column_weight = carver.take<float>(m);
    column_factor = carver.take<float>(stride);
  }
};

// Sums that a team adds up over chunks.
enum Total { kMeanCost, kTransportCost, kGap, kRowGap, kTotals };

// Memory for the sums of chunks.
struct Sums {
  double* totals;  // [kTotals][chunks]
  float* errors;   // [chunks]; a single block has none
  void* columns;   // [chunks][stride], float or double; a single block has none

  Sums() = default;

  __host__ __device__ Sums(Carver& carver, const Tiling& tiling, bool team) {
    totals = carver.take<double>(kTotals * int64_t{tiling.chunks});
    errors = team ? carver.take<float>(tiling.chunks) : nullptr;
    columns = team ? carver.take<double>(int64_t{tiling.chunks} * tiling.stride) : nullptr;
  }
};

// Scratch of a block in shared memory, for its warps.
struct Scratch {
  float* columns;  // [down][stride] column sums; also holds [threads] doubles
  float* rows;     // [2][across][step] row sums
  float* errors;   // [down]

  Scratch() = default;

  __host__ __device__ Scratch(Carver& carver, const Tiling& tiling) {
    int64_t parts = int64_t{tiling.down} * (tiling.panels == 1 ? tiling.stride : 0);
    int64_t doubles = 2 * int64_t{tiling.down} * tiling.across * kWarp;
    columns = carver.take<float>(parts > doubles ? parts : doubles);
    rows = carver.take<float>(2 * int64_t{tiling.across} * tiling.step);
    errors = carver.take<float>(tiling.down);
  }
};

}  // namespace otc
