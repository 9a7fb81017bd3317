// From potentials to the plan, its rounding onto the marginals and the report. Runs once a problem,
// so sums over the matrix are in double here. Balanced plans are rounded by algorithm 2 of
// Altschuler, Weed and Rigollet 2017 in two passes: what rows lack in total is what columns lack.
// The costs are read twice, the plan is written once.
#pragma once

#include "sinkhorn_columns.cuh"

namespace otc {

// The nearest finite float: potentials of costs near float's largest can lie beyond it.
__device__ __forceinline__ float in_float(double potential) {
  constexpr double kMost = 0x1.fffffep127;
  return static_cast<float>(fmax(-kMost, fmin(kMost, potential)));
}

// Leaves the potentials, times unit, in row_base and column_base.
template <class Players>
__device__ void settle(const Problem& p, Players& team, int now, bool fresh) {
  const Arrays& x = p.arrays;
  each_row(p, [&](int i) {
    double potential =
        fresh || p.damped ? value(x.row_total[i])
                          : value(x.row_base[i]) + log2(static_cast<double>(x.row_scaling[now][i]));
    potential += p.damping * log2(static_cast<double>(p.task.a[i]));
    p.task.f[i] = in_float(potential / p.unit);
    x.row_base[i] = twofold(potential);
  });
  each_column(p, team, [&](int j) {
    double potential = p.damped
                           ? value(team.load(x.column_total + j))
                           : value(team.load(x.column_base + j)) +
                                 log2(static_cast<double>(team.load(x.column_scaling[now] + j)));
    potential += p.damping * log2(static_cast<double>(p.task.b[j]));
    p.task.g[j] = in_float(potential / p.unit);
    x.column_base[j] = twofold(potential);
  });
  team.sync();
}

// What a marginal adds to the duality gap of an unbalanced problem: one of Fenchel's inequalities,
// with the potential in units of cost (Chizat et al. 2018).
__device__ inline double gap_of(const Problem& p, Twofold potential, double mass, double wanted) {
  double tau = p.task.tau;
  double f = value(potential) / p.unit;
  double divergence = (mass > 0 ? mass * log(mass / wanted) : 0.0) - mass + wanted;
  return f * mass + tau * divergence + tau * wanted * expm1(-f / tau);
}

// Makes the plan in place of the matrix. Rows that carry too much get a factor below 1, in
// row_scaling[0]. Unbalanced rows add to the gap.
template <class Players>
__device__ void scale_rows(const Problem& p, const Players& team) {
  const Arrays& x = p.arrays;
  sum_chunks<1>(p, kRowGap, [&](int i, double(&parts)[1]) {
    Twofold potential = x.row_base[i];
    float* row = p.row(i);
    double sum = 0;
    for (int j = lane(); j < p.m(); j += kWarp) {
      float cost = __ldg(p.task.cost + static_cast<int64_t>(i) * p.m() + j);
      row[j] = power(exponent(potential, team.load(x.column_base + j), p.unit2, cost));
      sum += static_cast<double>(row[j]);
    }
    sum = warp_sum(sum);
    double a = static_cast<double>(p.task.a[i]);
    if (lane() == 0) x.row_scaling[0][i] = p.damped || sum <= a ? 1 : static_cast<float>(a / sum);
    if (p.damped && lane() == 0) parts[0] += gap_of(p, potential, sum, a);
  });
}

// Columns that carry too much get a factor below 1, in column_scaling[0]; what the others lack goes
// to column_factor. Unbalanced columns leave their part of the gap in column_total.
template <class Players>
__device__ void scale_columns(const Problem& p, Players& team) {
  const Arrays& x = p.arrays;
  auto scale = [&](int j, double sum) {
    double b = static_cast<double>(p.task.b[j]);
    float factor = p.damped || sum <= b ? 1 : static_cast<float>(b / sum);
    double lack = p.damped ? 0 : b - sum * static_cast<double>(factor);
    x.column_scaling[0][j] = factor;
    x.column_factor[j] = lack > 0 ? static_cast<float>(lack) : 0;
    if (p.damped) x.column_total[j] = twofold(gap_of(p, team.load(x.column_base + j), sum, b));
  };
  for (int c = p.first_chunk; c < p.last_chunk; c++) {
    int last = min(p.n(), (c + 1) * p.tiling.chunk);
    for (int j = static_cast<int>(threadIdx.x); j < p.m(); j += static_cast<int>(blockDim.x)) {
      double sum = 0;
      for (int i = c * p.tiling.chunk; i < last; i++) {
        sum += static_cast<double>(p.row(i)[j]) * static_cast<double>(x.row_scaling[0][i]);
      }
      if constexpr (Players::kTeam) {
        static_cast<double*>(p.sums.columns)[static_cast<int64_t>(c) * p.tiling.stride + j] = sum;
      } else {
        scale(j, sum);
      }
    }
  }
  team.sync();
  if constexpr (Players::kTeam) {
    reduce_chunks(p, team, static_cast<const double*>(p.sums.columns),
                  reinterpret_cast<double*>(p.scratch.columns), scale);
    team.sync();
  }
}

// The sum over the columns of what they lack, or of their gaps; every thread gets it.
template <class Players>
__device__ double sum_columns(const Problem& p, const Players& team) {
  const Arrays& x = p.arrays;
  double part = 0;
  for (int j = static_cast<int>(threadIdx.x); j < p.m(); j += static_cast<int>(blockDim.x)) {
    part += p.damped ? value(team.load(x.column_total + j))
                     : static_cast<double>(team.load(x.column_factor + j));
  }
  return block_total(p, part);
}

// Writes the plan; adds up its cost and, of balanced problems, the gap over eps ln 2: the sum of
// T log2(T / P) - (T - P) / ln 2 over the plan T and the plan P of the potentials.
template <class Players>
__device__ void write_plan(const Problem& p, const Players& team, double lacking) {
  const Arrays& x = p.arrays;
  double share = lacking > 0 ? 1 / lacking : 0;
  auto entry = [&](int i, int j) {
    return p.row(i)[j] * x.row_scaling[0][i] * team.load(x.column_scaling[0] + j);
  };
  sum_chunks<2>(p, kTransportCost, [&](int i, double(&parts)[2]) {
    double sum = 0;
    for (int j = lane(); j < p.m(); j += kWarp) sum += static_cast<double>(entry(i, j));
    double lack = static_cast<double>(p.task.a[i]) - warp_sum(sum);
    float factor = p.damped || !(lack > 0) ? 0 : static_cast<float>(lack * share);
    int64_t offset = static_cast<int64_t>(i) * p.m();
    for (int j = lane(); j < p.m(); j += kWarp) {
      float cost = __ldg(p.task.cost + offset + j);
      float t = fmaf(factor, team.load(x.column_factor + j), entry(i, j));
      float r = exponent(x.row_base[i], team.load(x.column_base + j), p.unit2, cost);
      float moved = (t - power(r)) * static_cast<float>(1 / kLn2);
      p.task.plan[offset + j] = t;
      parts[0] += static_cast<double>(t) * static_cast<double>(cost);
      parts[1] += static_cast<double>((t > 0 ? t * (log2f(t) - r) : 0.0f) - moved);
    }
  });
}

template <class Players>
__device__ __noinline__ void finish(const Problem& p, Players& team, int now, bool fresh,
                                    otc_report& report) {
  settle(p, team, now, fresh);
  scale_rows(p, team);
  __syncthreads();
  scale_columns(p, team);
  double columns = sum_columns(p, team);
  write_plan(p, team, p.damped ? 0 : columns);
  team.sync();
  report.cost = team_total(p, team, kTransportCost);
  report.gap =
      p.damped ? team_total(p, team, kRowGap) + columns : team_total(p, team, kGap) * p.eps * kLn2;
}

}  // namespace otc
