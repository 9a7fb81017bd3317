// The solver: entropic transport in the log domain (Peyre and Cuturi 2019, section 4.4; unbalanced:
// Chizat et al. 2018), with the stopping rule and the report of the Java back end. An iteration
// takes no exponential while potentials drift slowly, one an entry when they are folded, and the
// team meets twice in it: when the column sums of all rows are there, and when the columns' factors
// are. Whether it is time to stop is known to all after the second meeting, so that no message goes
// to the host.
#pragma once

#include "sinkhorn_columns.cuh"
#include "sinkhorn_finish.cuh"
#include "sinkhorn_fold.cuh"
#include "sinkhorn_wide.cuh"

namespace otc {

// Mean of the costs, settings, weights and first potentials. Returns whether costs
// and masses are finite.
template <class Players>
__device__ __noinline__ bool begin(Problem& p, Players& team, double relative) {
  if (team.rank == 0 && threadIdx.x < 2) p.status[threadIdx.x] = {};
  sum_chunks<1>(p, kMeanCost, [&](int i, double(&parts)[1]) {
    const float* row = p.task.cost + static_cast<int64_t>(i) * p.m();
    for (int j = lane(); j < p.m(); j += kWarp) parts[0] += static_cast<double>(__ldg(row + j));
    // Nothing, or not-a-number.
    if (lane() == 0) parts[0] += 0.0 * static_cast<double>(p.task.a[i]);
    if (i > 0) return;
    for (int j = lane(); j < p.m(); j += kWarp) parts[0] += 0.0 * static_cast<double>(p.task.b[j]);
  });
  team.sync();
  double mean = team_total(p, team, kMeanCost) / (static_cast<double>(p.n()) * p.m());
  if (threadIdx.x == 0) {
    p.mean = mean > 0 ? mean : 1;
    set_epsilon(p, relative);
  }
  __syncthreads();
  const Arrays& x = p.arrays;
  auto base = [&](const float* start, float marginal, int at) {
    double potential = p.task.warm_start ? static_cast<double>(start[at]) * p.unit : 0;
    return twofold(potential - p.damping * log2(static_cast<double>(marginal)));
  };
  each_row(p, [&](int i) {
    float a = p.task.a[i];
    x.row_base[i] = x.row_total[i] = base(p.task.f, a, i);
    x.row_weight[i] = weight_of(p, a);
  });
  each_column(p, team, [&](int j) {
    float b = p.task.b[j];
    x.column_base[j] = x.column_total[j] = base(p.task.g, b, j);
    x.column_factor[j] = x.column_weight[j] = weight_of(p, b);
    x.column_scaling[0][j] = 1;
  });
  int j = p.m() + static_cast<int>(threadIdx.x);
  if (team.rank == 0 && j < p.tiling.stride) x.column_factor[j] = 0;
  team.sync();
  return fabs(mean) < HUGE_VAL;
}

// L1 error of the row marginal before the rows' update.
template <class Players>
__device__ float row_error(const Problem& p, const Players& team) {
  float part = 0;
  if constexpr (Players::kTeam) {
    for (int c = lane(); c < p.tiling.chunks; c += kWarp) part += team.load(p.sums.errors + c);
  } else {
    if (lane() < p.tiling.down) part = p.scratch.errors[lane()];
  }
  return warp_sum(part);
}

template <class Players>
__device__ void solve(Problem& p, Players& team, otc_report* report) {
  const double epsilon = p.task.epsilon;
  double annealed =
      p.task.warm_start || p.task.max_iterations <= 1 ? 0 : p.task.annealing;
  // What comes of values that are not finite means nothing.
  const int limit =
      begin(p, team, annealed > epsilon ? annealed : epsilon) ? p.task.max_iterations : 1;
  otc_report said = {};
  int now = 0;
  bool fresh = true;
  for (int step = 0;; step++) {
    if (fresh) make_matrix(p, team, now);
    pass_rows(p, team, now, step);
    team.sync();
    if (team.rank == 0 && threadIdx.x == 0) p.status[(step + 1) & 1] = {};
    double error = static_cast<double>(row_error(p, team));
    pass_columns(p, team, now, step);
    team.sync();
    if (!p.damped) {
      said.violation = error;
      said.converged = said.iterations > 0 && annealed == 0 && error <= p.task.tolerance;
      if (said.converged || said.iterations == limit) break;
    }
    said.iterations++;
    now ^= 1;
    const Status* status = p.status + (step & 1);
    fresh = team.load(&status->fold) != 0;
    if (fresh) fold(p, team, now, step);
    bool settled = p.relative == epsilon;
    if (p.damped) {
      float change = __int_as_float(team.load(&status->change));
      said.violation = static_cast<double>(change) * kLn2;
      said.converged = settled && said.violation <= p.task.tolerance;
      if (said.converged || said.iterations == limit) break;
    }
    annealed = settled ? 0 : annealed * p.task.annealing;  // 0 after one with the final epsilon
    double relative = said.iterations + 1 < limit && annealed > epsilon ? annealed : epsilon;
    if (relative != p.relative && said.iterations < limit) {
      if (!fresh) fold(p, team, now, step);
      anneal(p, team, relative);
      fresh = true;
    }
  }
  if (limit < p.task.max_iterations) said.converged = 0;
  finish(p, team, now, fresh, said);
  if (team.rank == 0 && threadIdx.x == 0) *report = said;
}

}  // namespace otc
