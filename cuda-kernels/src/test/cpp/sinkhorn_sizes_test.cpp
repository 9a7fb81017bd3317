// Entropic transport by the kernels against the textbook iteration in float64: sizes around every
// boundary, and large ones.
#include "sinkhorn_check.h"

namespace {

using check::Sinkhorn;

TEST(one_block_solves_problems_around_every_warp_and_tile_boundary) {
  std::mt19937 random(1);
  std::vector<Sinkhorn> batch;
  for (int n : {1, 2, 7, 8, 9, 31, 33, 65}) {
    for (int m : {1, 3, 4, 31, 32, 33, 65}) batch.emplace_back(random, n, m, n % 2 == 0);
  }
  for (int m : {127, 128, 129, 255, 256, 257, 511, 512, 513, 700}) {
    batch.emplace_back(random, 5, m);
  }
  check::judge_all(batch, check::roomy(), 1);
}

TEST(a_team_solves_problems_around_every_warp_and_tile_boundary) {
  std::mt19937 random(2);
  std::vector<Sinkhorn> batch;
  for (int n : {1, 31, 64, 65, 127, 128, 129, 257}) batch.emplace_back(random, n, 90);
  for (int m : {127, 129, 255, 257, 511, 513, 1025}) batch.emplace_back(random, 37, m, true);
  batch.emplace_back(random, 2, 2500);
  batch.emplace_back(random, 700, 13);
  batch.emplace_back(random, 3, 8193);
  check::judge_all(batch, check::tight());
}

// Costs that rows and columns share, hundreds of epsilons apart, and a few epsilons of their own:
// the plan is spread over all entries, and a few iterations find it at any epsilon.
Sinkhorn shared(std::mt19937& random, int n, int m, float scale) {
  Sinkhorn p(random, n, m);
  const check::Floats row = check::uniform(random, n), column = check::uniform(random, m);
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < m; j++) {
      float& cost = p.cost[static_cast<size_t>(i) * m + j];
      cost = scale * (row[i] + column[j] + 0.004f * cost);
    }
  }
  p.epsilon = 0.001;
  return p;
}

TEST(teams_solve_hundreds_of_rows_at_small_epsilons_and_widely_spread_costs) {
  std::mt19937 random(13);
  std::vector<Sinkhorn> batch = {shared(random, 512, 512, 1e-3f), shared(random, 1000, 600, 1e3f),
                                 shared(random, 700, 1000, 1)};
  batch.emplace_back(random, 600, 512).epsilon = 0.01;
  check::judge_all(batch, check::device(4, 64 << 10), 2);
}

TEST(a_larger_problem_is_solved_by_both_tiers) {
  std::mt19937 random(12);
  Sinkhorn p(random, 200, 190, true);
  check::judge_all({p}, check::roomy(), 1);
  check::judge_all({p}, check::tight(), 2);
}

}  // namespace
