// The other half of an iteration: column sums over all rows and the column scalings that they give.
// A team shares the columns out in tiles of 32 (128 bytes a row of partial sums); in a block, warps
// take every `parts`-th chunk of a tile and their sums are added in order.
#pragma once

#include "sinkhorn_rows.cuh"

namespace otc {

// body(j, sum over chunks of sums[chunk][j]) for every column, once in the team. Scratch is
// [threads].
template <class T, class Body>
__device__ void reduce_chunks(const Problem& p, const Team& team, const T* sums, T* scratch,
                              Body body) {
  int chunks = p.tiling.chunks;
  int parts = 1;
  while (parts < warps() && parts < chunks) parts *= 2;
  int together = warps() / parts;
  int tiles = ceil_div(p.m(), kWarp);
  for (int base = team.rank * together; base < tiles; base += team.size * together) {
    int tile = base + warp() / parts;
    int j = tile * kWarp + lane();
    bool inside = tile < tiles && j < p.m();
    T sum = 0;
    if (inside) {
#pragma unroll 4
      for (int c = warp() % parts; c < chunks; c += parts) {
        sum += team.load(sums + static_cast<int64_t>(c) * p.tiling.stride + j);
      }
    }
    scratch[threadIdx.x] = sum;
    __syncthreads();
    if (inside && warp() % parts == 0) {
      for (int q = 1; q < parts; q++) sum += scratch[static_cast<int>(threadIdx.x) + q * kWarp];
      body(j, sum);
    }
    __syncthreads();
  }
}

// The next scaling of column j from the sum of its matrix entries times row scalings and weights.
template <class Players>
__device__ __forceinline__ void update_column(const Problem& p, const Players& team, int j,
                                              float sum, int now, Status* status) {
  const Arrays& x = p.arrays;
  float scaling = 1 / sum;
  if (!(sum >= 1 / kColumnReach && sum <= kColumnReach)) {
    scaling = kLost;
    atomicMax(&status->lost, 1);
  } else if (p.damped) {
    double base = value(team.load(x.column_base + j));
    double drift = -p.damping * static_cast<double>(log2f(sum)) - p.left * base;
    double change = base + drift - value(team.load(x.column_total + j));
    atomicMax(&status->change, __float_as_int(fabsf(static_cast<float>(change))));
    x.column_total[j] = twofold(base + drift);
    scaling = exp2f(static_cast<float>(drift));
  }
  if (!(scaling >= 1 / kReach && scaling <= kReach)) atomicMax(&status->fold, 1);
  x.column_scaling[now ^ 1][j] = scaling;
  x.column_factor[j] = team.load(x.column_weight + j) * scaling;
}

template <class Players>
__device__ __noinline__ void pass_columns(const Problem& p, const Players& team, int now,
                                          int step) {
  Status* status = p.status + (step & 1);
  auto update = [&](int j, float sum) { update_column(p, team, j, sum, now, status); };
  if constexpr (Players::kTeam) {
    reduce_chunks(p, team, static_cast<const float*>(p.sums.columns), p.scratch.columns, update);
  } else {
    each_column(p, team, [&](int j) { update(j, stacked(p, j)); });
  }
}

}  // namespace otc
