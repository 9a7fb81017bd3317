// What keeps the iteration in float's range: when a scaling has gone far, scalings are folded into
// the potentials and the matrix is made afresh from the costs, one exponential an entry
// (absorption, Schmitzer 2019, section 3.1). Early iterations at a small epsilon fold each time,
// later ones hardly ever. Rows and columns whose sums float cannot hold get their potential from a
// full log-sum-exp here.
#pragma once

#include "sinkhorn_problem.cuh"

namespace otc {

// Rows of the matrix that a warp makes at once, so that a column's potential is read once for all.
constexpr int kFoldRows = 4;

// Makes R rows from row i on; sums[r] gets the lane's part of row r's sum times the columns'
// weights.
template <int R, class Players>
__device__ __forceinline__ void fill_rows(const Problem& p, const Players& team, int i,
                                          const Twofold (&base)[R], float (&sums)[R]) {
  const Arrays& x = p.arrays;
  Twofold unit = p.unit2;
  for (int j = lane() * kQuad; j < p.tiling.stride; j += kWarp * kQuad) {
    Twofold column[kQuad];
    float weight[kQuad];
#pragma unroll
    for (int q = 0; q < kQuad; q++) {
      bool inside = j + q < p.m();
      column[q] = inside ? team.load(x.column_base + j + q) : Twofold{0, 0};
      weight[q] = inside ? team.load(x.column_weight + j + q) : 0.0f;
    }
#pragma unroll
    for (int r = 0; r < R; r++) {
      float4 cost = cost_quad(p, i + r, j);
      float4 k;
      k.x = power(exponent(base[r], column[0], unit, cost.x));
      k.y = j + 1 < p.m() ? power(exponent(base[r], column[1], unit, cost.y)) : 0.0f;
      k.z = j + 2 < p.m() ? power(exponent(base[r], column[2], unit, cost.z)) : 0.0f;
      k.w = j + 3 < p.m() ? power(exponent(base[r], column[3], unit, cost.w)) : 0.0f;
      *reinterpret_cast<float4*>(p.row(i + r) + j) = k;
      sums[r] = fmaf(k.x, weight[0], sums[r]);
      sums[r] = fmaf(k.y, weight[1], sums[r]);
      sums[r] = fmaf(k.z, weight[2], sums[r]);
      sums[r] = fmaf(k.w, weight[3], sums[r]);
    }
  }
}

// The largest exponent of row i with the columns' weights and no base.
template <class Players>
__device__ float largest_exponent(const Problem& p, const Players& team, int i) {
  const Arrays& x = p.arrays;
  float largest = -HUGE_VALF;
  for (int j = lane(); j < p.m(); j += kWarp) {
    float cost = __ldg(p.task.cost + static_cast<int64_t>(i) * p.m() + j);
    float exponent_of = exponent({0, 0}, team.load(x.column_base + j), p.unit2, cost) +
                        log2f(team.load(x.column_weight + j));
    largest = fmaxf(largest, exponent_of);
  }
  return warp_max(largest);
}

// Makes R rows from row i on. A row whose sum is out of reach gets a base that makes its largest
// entry 1, and the scaling that takes it back to its potential.
template <int R, class Players>
__device__ __forceinline__ void make_rows(const Problem& p, const Players& team, int i, int now) {
  const Arrays& x = p.arrays;
  Twofold base[R];
  float sums[R] = {};
#pragma unroll
  for (int r = 0; r < R; r++) base[r] = x.row_base[i + r];
  fill_rows(p, team, i, base, sums);
#pragma unroll
  for (int r = 0; r < R; r++) {
    float sum = warp_sum(sums[r]);
    float scaling = 1;
    Twofold made[1] = {base[r]};
    if (!(sum >= 1 / kRowReach && sum <= kRowReach)) {
      made[0] = {-largest_exponent(p, team, i + r), 0};
      float again[1] = {};
      fill_rows(p, team, i + r, made, again);
      float distance = static_cast<float>(value(base[r]) - value(made[0]));
      scaling = exp2f(fminf(fmaxf(distance, -120.0f), 120.0f));
    }
    __syncwarp();
    if (lane() == 0) {
      x.row_total[i + r] = base[r];
      x.row_base[i + r] = made[0];
      x.row_scaling[now][i + r] = scaling;
    }
  }
}

template <class Players>
__device__ __noinline__ void make_matrix(const Problem& p, const Players& team, int now) {
  int i = p.first + warp() * kFoldRows;
  for (; i + kFoldRows <= p.last; i += warps() * kFoldRows) {
    make_rows<kFoldRows>(p, team, i, now);
  }
  for (; i < p.last; i++) make_rows<1>(p, team, i, now);
  __syncthreads();
}

// The potential of column j by a log-sum-exp over all rows, whose scalings are folded.
template <class Players>
__device__ void recover_column(const Problem& p, const Players& team, int j, int now,
                               Status* status) {
  const Arrays& x = p.arrays;
  const float* cost = p.task.cost + j;
  Twofold none = {0, 0};
  float largest = -HUGE_VALF;
  for (int i = lane(); i < p.n(); i += kWarp) {
    float c = __ldg(cost + static_cast<int64_t>(i) * p.m());
    largest = fmaxf(largest, exponent(team.load(x.row_base + i), none, p.unit2, c));
  }
  largest = warp_max(largest);
  double sum = 0;
  for (int i = lane(); i < p.n(); i += kWarp) {
    float c = __ldg(cost + static_cast<int64_t>(i) * p.m());
    float e = power(exponent(team.load(x.row_base + i), {-largest, 0}, p.unit2, c));
    sum += static_cast<double>(e * team.load(x.row_weight + i));
  }
  sum = warp_sum(sum);
  __syncwarp();
  if (lane() == 0) {
    double potential = -p.damping * (static_cast<double>(largest) + log2(sum));
    double change = potential - value(team.load(x.column_total + j));
    if (p.damped) atomicMax(&status->change, __float_as_int(fabsf(static_cast<float>(change))));
    x.column_base[j] = x.column_total[j] = twofold(potential);
    x.column_scaling[now][j] = 1;
  }
}

// Folds the scalings into the potentials; the matrix has to be made after it.
template <class Players>
__device__ __noinline__ void fold(const Problem& p, Players& team, int now, int step) {
  const Arrays& x = p.arrays;
  Status* status = p.status + (step & 1);
  each_row(p, [&](int i) {
    double scaling = log2(static_cast<double>(x.row_scaling[now][i]));
    x.row_base[i] = p.damped ? x.row_total[i] : twofold(value(x.row_base[i]) + scaling);
    x.row_scaling[now][i] = 1;
  });
  each_column(p, team, [&](int j) {
    float scaling = team.load(x.column_scaling[now] + j);
    x.column_factor[j] = team.load(x.column_weight + j);
    if (scaling == kLost) return;
    double base = value(team.load(x.column_base + j)) + log2(static_cast<double>(scaling));
    x.column_base[j] = p.damped ? team.load(x.column_total + j) : twofold(base);
    x.column_scaling[now][j] = 1;
  });
  team.sync();
  if (team.load(&status->lost) == 0) return;
  for (int j = team.rank * warps() + warp(); j < p.m(); j += team.size * warps()) {
    if (team.load(x.column_scaling[now] + j) == kLost) recover_column(p, team, j, now, status);
  }
  team.sync();
}

// Sets the relative epsilon and what follows from it.
__device__ inline void set_epsilon(Problem& p, double relative) {
  p.relative = relative;
  p.eps = relative * p.mean;
  p.unit = 1 / (kLn2 * p.eps);
  p.unit2 = twofold(p.unit);
  p.damped = isfinite(p.task.tau);
  p.damping = p.damped ? p.task.tau / (p.task.tau + p.eps) : 1;
  p.left = p.damped ? p.eps / (p.task.tau + p.eps) : 0;
}

// A marginal as a weight: to the power of the damping.
__device__ __forceinline__ float weight_of(const Problem& p, float marginal) {
  return p.damped ? static_cast<float>(exp2(p.damping * log2(static_cast<double>(marginal))))
                  : marginal;
}

// Takes folded potentials to another epsilon.
template <class Players>
__device__ __noinline__ void anneal(Problem& p, Players& team, double relative) {
  const Arrays& x = p.arrays;
  double unit = p.unit;
  double damping = p.damping;
  __syncthreads();
  if (threadIdx.x == 0) set_epsilon(p, relative);
  __syncthreads();
  auto moved = [&](Twofold base, double log_marginal) {
    double potential = (value(base) + damping * log_marginal) * (p.unit / unit);
    return twofold(potential - p.damping * log_marginal);
  };
  each_row(p, [&](int i) {
    float a = p.task.a[i];
    x.row_base[i] = x.row_total[i] = moved(x.row_base[i], log2(static_cast<double>(a)));
    x.row_weight[i] = weight_of(p, a);
  });
  each_column(p, team, [&](int j) {
    float b = p.task.b[j];
    x.column_base[j] = x.column_total[j] =
        moved(team.load(x.column_base + j), log2(static_cast<double>(b)));
    x.column_factor[j] = x.column_weight[j] = weight_of(p, b);
  });
  team.sync();
}

}  // namespace otc
