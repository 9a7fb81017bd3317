// Entropic transport by the kernels against the textbook iteration in float64: epsilons down to a
// thousandth of the mean cost, which take thousands of iterations.
#include "sinkhorn_check.h"

namespace {

using check::Sinkhorn;

TEST(small_epsilons_and_widely_spread_costs_converge) {
  std::mt19937 random(4);
  std::vector<Sinkhorn> batch;
  for (float scale : {1e-3f, 1.0f, 1e3f}) {
    for (double epsilon : {0.2, 0.01, 0.001}) {
      Sinkhorn p(random, 40, 30, false, scale);
      p.epsilon = epsilon;
      p.tolerance = epsilon < 0.01 ? 1e-4 : 1e-6;
      p.limit = 100000;
      batch.push_back(p);
    }
  }
  check::judge_all(batch, check::roomy());
  check::judge_all({batch[1], batch[2]}, check::device(3, 12 << 10), 2);
}

}  // namespace
