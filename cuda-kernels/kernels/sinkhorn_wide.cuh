// The pass over rows that are wider than the registers of a block (m > 8192), panel by panel: once
// for the row sums, and once more for the column sums, which lie in the team's memory meanwhile.
// Costs a second read of the matrix, so it is for the rare wide problem only.
#pragma once

#include "sinkhorn_rows.cuh"

namespace otc {

__device__ __noinline__ void pass_wide_rows(const Problem& p, const Team& team, int now, int step) {
  constexpr int R = 2;
  constexpr int Q = kMostQuads;
  const Tiling t = p.tiling;
  const RowArrays rows(p, now);
  const int panel = t.across * t.width();
  const int first = warp() * t.width() + lane() * kQuad;
  const bool writes = lane() % (kWarp / R) == 0 && warp() == 0;
  for (int c = p.first_chunk; c < p.last_chunk; c++) {
    float* to = static_cast<float*>(p.sums.columns) + static_cast<int64_t>(c) * t.stride;
    int begin = c * t.chunk;
    int last = min(p.n(), begin + t.chunk);
    RowStatus status;
    int buffer = 0;
    for (int i = begin; i < last; i += R, buffer ^= 1) {
      float x[R] = {};
      for (int column = first; column < first + t.panels * panel; column += panel) {
        float4 factor[Q];
        float4 k[R][Q];
#pragma unroll
        for (int q = 0; q < Q; q++) {
          int j = column + q * kWarp * kQuad;
          const float4* from = reinterpret_cast<const float4*>(p.arrays.column_factor + j);
          factor[q] = j < t.stride ? team.load(from) : float4{0, 0, 0, 0};
        }
        load_rows<R, Q, Team>(p, i, last, column, k);
        dot(k, factor, x);
      }
      float sum = join_rows<R>(p, sum_rows(x), buffer);
      int own = i + lane() / (kWarp / R);
      float scaled = own < last ? update_row(p, rows, own, sum, writes, status) : 0.0f;
      for (int column = first; column < first + t.panels * panel; column += panel) {
        float4 k[R][Q];
        float4 sums[Q] = {};
        if (i > begin)
          load_rows<1, Q>(to, 1, t.stride, column, reinterpret_cast<float4(&)[1][Q]>(sums));
        load_rows<R, Q, Team>(p, i, last, column, k);
        add_scaled(k, scaled, sums);
#pragma unroll
        for (int q = 0; q < Q; q++) {
          int j = column + q * kWarp * kQuad;
          if (j < t.stride) *reinterpret_cast<float4*>(to + j) = sums[q];
        }
      }
    }
    tell(p, status, step);
    __syncthreads();
    store_error(p, c);
    __syncthreads();
  }
}

template <class Players>
__device__ void pass_rows(const Problem& p, const Players& team, int now, int step) {
  if constexpr (Players::kTeam) {
    if (p.tiling.panels > 1) return pass_wide_rows(p, team, now, step);
  }
  if (p.tiling.quads == 1) {
    pass_rows<8, 1>(p, team, now, step);
  } else if (p.tiling.quads == 2) {
    pass_rows<4, 2>(p, team, now, step);
  } else {
    pass_rows<2, 4>(p, team, now, step);
  }
}

}  // namespace otc
