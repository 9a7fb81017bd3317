// A problem as one block sees it, and the words that all parts of the solver share.
#pragma once

#include "otfuse_cuda.h"
#include "shared.cuh"
#include "sinkhorn_layout.cuh"
#include "sinkhorn_team.cuh"

namespace otc {

constexpr double kLn2 = 0.69314718055994530942;
// Scalings within [1 / kReach, kReach] stay as they are; others are folded into the potentials and
// the matrix is made afresh.
constexpr float kReach = 0x1p24f;
// A row whose sum is outside [1 / kRowReach, kRowReach] when the matrix is made gets another base.
constexpr float kRowReach = 0x1p40f;
// A column whose sum is outside [1 / kColumnReach, kColumnReach] is summed again in the log domain.
constexpr float kColumnReach = 0x1p60f;
constexpr float kLost = -1;  // its scaling until then

// What the blocks of a team tell each other in one iteration; there are two, for iterations in
// turn.
struct Status {
  int fold;    // some scaling is out of reach
  int lost;    // some column has no usable sum
  int change;  // bits of the largest change of a potential, a float of at least 0
};

struct Problem {
  otc_sinkhorn_task task;
  Tiling tiling;
  Arrays arrays;
  Sums sums;
  Scratch scratch;
  Status* status;     // [2]
  double* block_sum;  // [warps]
  float* rest;        // [n][stride] in global memory: rows of the matrix that are not cached
  int first_chunk;    // this block's
  int last_chunk;
  int first;  // this block's rows
  int last;
  int cached;    // the first of these rows lie at the start of dynamic shared memory
  bool aligned;  // whether cost rows can be read 16 bytes at a time
  bool damped;
  double mean;      // of the costs, 1 where that is 0
  double relative;  // epsilon of the current iteration
  double eps;       // the same in units of cost
  double unit;      // 1 / (eps ln 2): costs to exponents
  Twofold unit2;    // the same
  double damping;   // tau / (tau + eps), 1 when balanced
  double left;      // 1 - damping

  __device__ __forceinline__ int n() const { return task.n; }
  __device__ __forceinline__ int m() const { return task.m; }

  __device__ __forceinline__ float* shared_row(int r) const {
    return static_cast<float*>(dynamic_shared()) + r * tiling.stride;
  }

  __device__ __forceinline__ float* row(int i) const {
    return i - first < cached ? shared_row(i - first)
                              : rest + static_cast<int64_t>(i) * tiling.stride;
  }
};

__device__ __forceinline__ int lane() { return static_cast<int>(threadIdx.x) % kWarp; }
__device__ __forceinline__ int warp() { return static_cast<int>(threadIdx.x) / kWarp; }
__device__ __forceinline__ int warps() { return static_cast<int>(blockDim.x) / kWarp; }

// Four costs of row i from column j, a multiple of 4, on; 0 beyond the row.
__device__ __forceinline__ float4 cost_quad(const Problem& p, int i, int j) {
  const float* c = p.task.cost + static_cast<int64_t>(i) * p.m() + j;
  if (p.aligned) return __ldg(reinterpret_cast<const float4*>(c));
  int left = p.m() - j;
  return {__ldg(c), left > 1 ? __ldg(c + 1) : 0.0f, left > 2 ? __ldg(c + 2) : 0.0f,
          left > 3 ? __ldg(c + 3) : 0.0f};
}

// body(j) for this thread's share of the team's columns.
template <class Players, class Body>
__device__ __forceinline__ void each_column(const Problem& p, const Players& team, Body body) {
  int threads = static_cast<int>(blockDim.x);
  for (int j = team.rank * threads + static_cast<int>(threadIdx.x); j < p.m();
       j += team.size * threads) {
    body(j);
  }
}

// body(i) for this thread's share of the block's rows.
template <class Body>
__device__ __forceinline__ void each_row(const Problem& p, Body body) {
  for (int i = p.first + static_cast<int>(threadIdx.x); i < p.last;
       i += static_cast<int>(blockDim.x)) {
    body(i);
  }
}

// The sum over a block, in a fixed order; every thread gets it.
__device__ inline double block_total(const Problem& p, double part) {
  part = warp_sum(part);
  if (lane() == 0) p.block_sum[warp()] = part;
  __syncthreads();
  double total = 0;
  for (int w = 0; w < warps(); w++) total += p.block_sum[w];
  __syncthreads();
  return total;
}

// Adds up what body(i, parts) adds to `parts` for each row, every lane of the row's warp its part,
// over this block's chunks, to Count totals from `which` on. team_total() gives the sum of all
// chunks once the team has met.
template <int Count, class Body>
__device__ void sum_chunks(const Problem& p, Total which, Body body) {
  for (int c = p.first_chunk; c < p.last_chunk; c++) {
    int last = min(p.n(), (c + 1) * p.tiling.chunk);
    double parts[Count] = {};
    for (int i = c * p.tiling.chunk + warp(); i < last; i += warps()) body(i, parts);
#pragma unroll
    for (int k = 0; k < Count; k++) {
      double total = block_total(p, parts[k]);
      if (threadIdx.x == 0) p.sums.totals[(which + k) * p.tiling.chunks + c] = total;
    }
  }
}

template <class Players>
__device__ double team_total(const Problem& p, const Players& team, Total which) {
  double part = 0;
  for (int c = lane(); c < p.tiling.chunks; c += kWarp) {
    part += team.load(p.sums.totals + which * p.tiling.chunks + c);
  }
  return warp_sum(part);
}

}  // namespace otc
