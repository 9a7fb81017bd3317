// The hot half of an iteration: row sums, the row scalings that they give, and in the same pass the
// column sums of the matrix after that update. An entry is read once (16 bytes a lane), kept in a
// register between its two multiply-adds, and no exponential is taken: the matrix holds those of
// the potentials at the last fold. What bounds it is the bandwidth of where the matrix lies.
//
// A warp takes 4 or 8 rows at once: their sums are reduced together, which takes 9 shuffles for 8
// rows in place of 40, and the loads of all are under way before the first is needed. Lanes keep
// the column sums of their columns in registers over all rows of a chunk; warps add theirs up in
// shared memory in the order of the rows.
#pragma once

#include "sinkhorn_problem.cuh"

namespace otc {

// The warp's sums of R numbers of each lane: every lane gets that of row lane() / (32 / R).
template <int R>
__device__ __forceinline__ float sum_rows(float (&x)[R]) {
#pragma unroll
  for (int count = R / 2, step = kWarp / 2; count > 0; count /= 2, step /= 2) {
    bool upper = (lane() & step) != 0;
#pragma unroll
    for (int r = 0; r < count; r++) {
      float keep = upper ? x[r + count] : x[r];
      float send = upper ? x[r] : x[r + count];
      x[r] = keep + __shfl_xor_sync(kAllLanes, send, step);
    }
  }
#pragma unroll
  for (int step = kWarp / 2 / R; step > 0; step /= 2) {
    x[0] += __shfl_xor_sync(kAllLanes, x[0], step);
  }
  return x[0];
}

// What rows say about the iteration; a lane's part of it.
struct RowStatus {
  float error = 0;   // L1, of the plan before the update
  float change = 0;  // the largest, of a potential
  bool fold = false;
};

// The arrays of rows that the pass needs, so that it need not ask for them in every step.
struct RowArrays {
  const float* weight;
  const float* scaling;  // current
  float* next;

  __device__ RowArrays(const Problem& p, int now)
      : weight(p.arrays.row_weight),
        scaling(p.arrays.row_scaling[now]),
        next(p.arrays.row_scaling[now ^ 1]) {}
};

// The next scaling of row i from the sum of its matrix entries times column factors; returns
// scaling times weight.
__device__ __forceinline__ float update_row(const Problem& p, const RowArrays& rows, int i,
                                            float sum, bool writes, RowStatus& status) {
  float weight = rows.weight[i];
  float scaling;
  sum = fminf(fmaxf(sum, 1 / kColumnReach), kColumnReach);
  if (!p.damped) {
    scaling = 1 / sum;
    if (writes) status.error += weight * fabsf(rows.scaling[i] * sum - 1);
  } else {
    const Arrays& x = p.arrays;
    double base = value(x.row_base[i]);
    double drift = -p.damping * static_cast<double>(log2f(sum)) - p.left * base;
    scaling = exp2f(static_cast<float>(drift));
    if (writes) {
      double change = base + drift - value(x.row_total[i]);
      status.change = fmaxf(status.change, fabsf(static_cast<float>(change)));
      x.row_total[i] = twofold(base + drift);
    }
  }
  if (writes) rows.next[i] = scaling;
  status.fold |= !(scaling >= 1 / kReach && scaling <= kReach);
  return weight * scaling;
}

// Adds up the sums of warps side by side; the sums of a step lie in one of two buffers in turn.
template <int R>
__device__ __forceinline__ float join_rows(const Problem& p, float sum, int buffer) {
  const Tiling& t = p.tiling;
  constexpr int kLanes = kWarp / R;
  float* sums = p.scratch.rows + buffer * t.across * t.step;
  int row = warp() / t.across * R + lane() / kLanes;
  if (lane() % kLanes == 0) sums[warp() % t.across * t.step + row] = sum;
  __syncthreads();
  sum = 0;
  for (int w = 0; w < t.across; w++) sum += sums[w * t.step + row];
  return sum;
}

// R rows from `row` on, Q quads of columns from `column` on, 128 columns apart; 0 outside.
template <int R, int Q>
__device__ __forceinline__ void load_rows(const float* from, int rows, int stride, int column,
                                          float4 (&k)[R][Q]) {
#pragma unroll
  for (int r = 0; r < R; r++) {
#pragma unroll
    for (int q = 0; q < Q; q++) {
      int j = column + q * kWarp * kQuad;
      k[r][q] = r < rows && j < stride ? *reinterpret_cast<const float4*>(from + r * stride + j)
                                       : float4{0, 0, 0, 0};
    }
  }
}

// The same of row i of a problem: from shared memory where it is cached. Rows that a warp takes at
// once are all cached or none.
template <int R, int Q, class Players>
__device__ __forceinline__ void load_rows(const Problem& p, int i, int last, int column,
                                          float4 (&k)[R][Q]) {
  int stride = p.tiling.stride;
  if (!Players::kTeam || i - p.first < p.cached) {
    load_rows<R, Q>(static_cast<const float*>(dynamic_shared()) + (i - p.first) * stride, last - i,
                    stride, column, k);
  } else {
    load_rows<R, Q>(p.rest + static_cast<int64_t>(i) * stride, last - i, stride, column, k);
  }
}

// x[r] += the lane's part of row r times the columns' factors.
template <int R, int Q>
__device__ __forceinline__ void dot(const float4 (&k)[R][Q], const float4 (&factor)[Q],
                                    float (&x)[R]) {
#pragma unroll
  for (int r = 0; r < R; r++) {
#pragma unroll
    for (int q = 0; q < Q; q++) {
      x[r] = fmaf(k[r][q].x, factor[q].x, x[r]);
      x[r] = fmaf(k[r][q].y, factor[q].y, x[r]);
      x[r] = fmaf(k[r][q].z, factor[q].z, x[r]);
      x[r] = fmaf(k[r][q].w, factor[q].w, x[r]);
    }
  }
}

// sums[q] += the rows' entries times their factors, which lane r * 32 / R holds for row r.
template <int R, int Q>
__device__ __forceinline__ void add_scaled(const float4 (&k)[R][Q], float factor,
                                           float4 (&sums)[Q]) {
#pragma unroll
  for (int r = 0; r < R; r++) {
    float s = __shfl_sync(kAllLanes, factor, r * (kWarp / R));
#pragma unroll
    for (int q = 0; q < Q; q++) {
      sums[q].x = fmaf(s, k[r][q].x, sums[q].x);
      sums[q].y = fmaf(s, k[r][q].y, sums[q].y);
      sums[q].z = fmaf(s, k[r][q].z, sums[q].z);
      sums[q].w = fmaf(s, k[r][q].w, sums[q].w);
    }
  }
}

// The lane's column factors. A team's lie in global memory; its warps share one copy.
template <int Q, class Players>
__device__ __forceinline__ void load_factors(const Problem& p, const Players& team, int column,
                                             float4 (&factor)[Q]) {
  const float* from = p.arrays.column_factor;
  int stride = p.tiling.stride;
  if constexpr (Players::kTeam) {
    float4* copy = reinterpret_cast<float4*>(p.scratch.columns);
    for (int j = static_cast<int>(threadIdx.x); j < stride / kQuad;
         j += static_cast<int>(blockDim.x)) {
      copy[j] = team.load(reinterpret_cast<const float4*>(from) + j);
    }
    from = p.scratch.columns;
    __syncthreads();
  }
#pragma unroll
  for (int q = 0; q < Q; q++) {
    int j = column + q * kWarp * kQuad;
    factor[q] = j < stride ? *reinterpret_cast<const float4*>(from + j) : float4{0, 0, 0, 0};
  }
  if constexpr (Players::kTeam) __syncthreads();
}

// Tells the others what the warp's rows need, and their error.
__device__ __forceinline__ void tell(const Problem& p, const RowStatus& status, int step) {
  float error = warp_sum(status.error);
  float change = p.damped ? warp_max(status.change) : 0;
  if (lane() == 0 && warp() % p.tiling.across == 0) {
    p.scratch.errors[warp() / p.tiling.across] = error;
    if (p.damped) atomicMax(&p.status[step & 1].change, __float_as_int(change));
  }
  if (__any_sync(kAllLanes, status.fold) && lane() == 0) atomicMax(&p.status[step & 1].fold, 1);
}

// The warps' column sums of a chunk to scratch [down][stride].
template <int Q>
__device__ __forceinline__ void store_columns(const Problem& p, int column,
                                              const float4 (&sums)[Q]) {
  float* to = p.scratch.columns + static_cast<int64_t>(warp() / p.tiling.across) * p.tiling.stride;
#pragma unroll
  for (int q = 0; q < Q; q++) {
    int j = column + q * kWarp * kQuad;
    if (j < p.tiling.stride) *reinterpret_cast<float4*>(to + j) = sums[q];
  }
}

// The sum of the warps' column sums of column j, in the order of the rows.
__device__ __forceinline__ float stacked(const Problem& p, int j) {
  float sum = 0;
  for (int w = 0; w < p.tiling.down; w++) sum += p.scratch.columns[w * p.tiling.stride + j];
  return sum;
}

// A team's block adds up the error of chunk c.
__device__ __forceinline__ void store_error(const Problem& p, int c) {
  if (threadIdx.x != 0) return;
  float error = 0;
  for (int w = 0; w < p.tiling.down; w++) error += p.scratch.errors[w];
  p.sums.errors[c] = error;
}

// A team's block adds up what its warps have of chunk c.
__device__ __forceinline__ void store_chunk(const Problem& p, int c) {
  __syncthreads();
  float* to = static_cast<float*>(p.sums.columns) + static_cast<int64_t>(c) * p.tiling.stride;
  for (int j = static_cast<int>(threadIdx.x); j < p.tiling.stride;
       j += static_cast<int>(blockDim.x)) {
    to[j] = stacked(p, j);
  }
  store_error(p, c);
  __syncthreads();
}

template <int R, int Q, class Players>
__device__ __noinline__ void pass_rows(const Problem& p, const Players& team, int now, int step) {
  const Tiling t = p.tiling;
  const RowArrays rows(p, now);
  int column = warp() % t.across * (Q * kQuad * kWarp) + lane() * kQuad;
  bool writes = lane() % (kWarp / R) == 0 && warp() % t.across == 0;
  float4 factor[Q];
  load_factors(p, team, column, factor);
  for (int c = p.first_chunk; c < p.last_chunk; c++) {
    int last = min(p.n(), (c + 1) * t.chunk);
    float4 sums[Q] = {};
    RowStatus status;
    int buffer = 0;
    for (int base = c * t.chunk; base < last; base += t.step, buffer ^= 1) {
      int i = base + warp() / t.across * R;
      float4 k[R][Q];
      load_rows<R, Q, Players>(p, i, last, column, k);
      float x[R] = {};
      dot(k, factor, x);
      float sum = sum_rows(x);
      if (t.across > 1) sum = join_rows<R>(p, sum, buffer);
      int own = i + lane() / (kWarp / R);
      add_scaled(k, own < last ? update_row(p, rows, own, sum, writes, status) : 0.0f, sums);
    }
    store_columns(p, column, sums);
    tell(p, status, step);
    if constexpr (Players::kTeam) store_chunk(p, c);
  }
}

}  // namespace otc
