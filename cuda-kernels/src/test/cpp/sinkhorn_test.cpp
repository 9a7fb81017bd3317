// Entropic transport by the kernels against the textbook iteration in float64.
#include "sinkhorn_check.h"

namespace {

using check::Sinkhorn;
using check::Solution;

void judge_all(const std::vector<Sinkhorn>& batch, const otc_device& device, int tier = 0) {
  const std::vector<Solution> solutions = check::solve(batch, device);
  for (size_t k = 0; k < batch.size(); k++) {
    batch[k].judge(solutions[k]);
    if (tier != 0) CHECK(solutions[k].tier == tier);
  }
}

TEST(one_block_solves_problems_around_every_warp_and_tile_boundary) {
  std::mt19937 random(1);
  std::vector<Sinkhorn> batch;
  for (int n : {1, 2, 7, 8, 9, 31, 33, 65}) {
    for (int m : {1, 3, 4, 31, 32, 33, 65}) batch.emplace_back(random, n, m, n % 2 == 0);
  }
  judge_all(batch, check::roomy(), 1);
}

}  // namespace
