// Entropic transport by the kernels against the textbook iteration in float64: settings and extreme
// inputs.
#include "sinkhorn_check.h"

namespace {

using check::Sinkhorn;
using check::Solution;

TEST(costs_may_lie_at_any_float) {
  std::mt19937 random(3);
  std::vector<Sinkhorn> batch;
  for (int m : {32, 36, 33}) batch.emplace_back(random, 19, m);
  const Solution aligned = check::solve(batch, check::roomy(), 0)[0];
  for (int shift : {1, 2, 3}) {
    check::judge_all(batch, check::roomy(), 1, shift);
    CHECK(check::solve(batch, check::roomy(), shift)[0].plan == aligned.plan);
  }
}

// Points on two far apart lines: at first most columns have no mass within float's range, and so
// have rows when the marginals disagree with the clusters.
Sinkhorn clustered(std::mt19937& random, int n, int m) {
  Sinkhorn p(random, n, m);
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < m; j++) {
      p.cost[static_cast<size_t>(i) * m + j] = std::abs(1.4f * i - j) +
                                               1e-3f * p.cost[static_cast<size_t>(i) * m + j] +
                                               ((i < n / 2) == (j < m / 3) ? 0 : 40.0f);
    }
  }
  p.epsilon = 0.002;
  p.tolerance = 1e-4;
  return p;
}

TEST(sums_beyond_the_range_of_float_are_recovered) {
  std::mt19937 random(5);
  std::vector<Sinkhorn> batch;
  for (int limit : {1, 2, 3, 20}) {
    Sinkhorn p = clustered(random, 50, 70);
    p.limit = limit;
    batch.push_back(p);
  }
  check::judge_all(batch, check::roomy(), 1);
  check::judge_all(batch, check::device(4, 14 << 10), 2);
}

TEST(zero_and_constant_costs_give_the_product_of_the_marginals) {
  std::mt19937 random(6);
  std::vector<Sinkhorn> batch;
  for (float level : {0.0f, 2.5f}) {
    Sinkhorn p(random, 12, 33);
    p.cost.assign(p.cost.size(), level);
    batch.push_back(p);
  }
  const std::vector<Solution> solutions = check::solve(batch, check::roomy());
  for (size_t k = 0; k < batch.size(); k++) {
    const Sinkhorn& p = batch[k];
    CHECK(solutions[k].report.converged == 1 && solutions[k].report.iterations == 1);
    CHECK_NEAR(solutions[k].report.cost, k == 0 ? 0 : 2.5, 1e-6);
    CHECK_NEAR(solutions[k].report.gap, 0, 1e-6);
    for (int q = 0; q < 12 * 33; q++) {
      const double product = static_cast<double>(p.a[q / 33]) * p.b[q % 33];
      CHECK_NEAR(solutions[k].plan[q], product, 2e-5 * product);
    }
  }
}

TEST(extremely_unequal_marginals_are_held) {
  std::mt19937 random(7);
  Sinkhorn p(random, 33, 40, false, 2);
  p.a[7] = 1e-9f;
  p.a[8] = 1e-30f;
  p.b[0] = 1e-9f;
  p.b[39] = 1e-7f;
  p.b[38] = 1e-36f;
  for (check::Floats* marginal : {&p.a, &p.b}) {
    double total = 0;
    for (float mass : *marginal) total += mass;
    for (float& mass : *marginal) mass = static_cast<float>(mass / total);
  }
  Sinkhorn lopsided(random, 20, 20);
  for (int i = 0; i < 20; i++) lopsided.a[i] = lopsided.b[i] = i == 3 ? 1 - 19e-6f : 1e-6f;
  check::judge_all({p, lopsided}, check::roomy(), 1);
  const Solution solution = check::solve({p}, check::roomy())[0];
  double row = 0;
  for (int j = 0; j < 40; j++) row += solution.plan[8 * 40 + j];
  CHECK_NEAR(row, p.a[8], 1e-4 * p.a[8]);
}

TEST(limited_iterations_stop_unconverged_and_still_meet_the_marginals) {
  std::mt19937 random(8);
  std::vector<Sinkhorn> batch;
  for (int limit : {1, 3}) {
    Sinkhorn p(random, 33, 31);
    p.epsilon = 0.01;
    p.limit = limit;
    batch.push_back(p);
  }
  check::judge_all(batch, check::roomy(), 1);
}

TEST(a_warm_start_from_the_solution_stops_at_once_and_from_anywhere_finds_it) {
  std::mt19937 random(9);
  for (const otc_device& device : {check::roomy(), check::tight()}) {
    Sinkhorn p(random, 95, 81);
    const Solution cold = check::solve({p}, device)[0];
    CHECK(cold.report.iterations > 3);
    p.warm = true;
    p.f = cold.f;
    p.g = cold.g;
    p.tolerance = 1e-4;
    const Solution warm = check::solve({p}, device)[0];
    CHECK(warm.report.iterations == 1 && warm.report.converged == 1);
    p.f = check::uniform(random, 95, -0.5f, 1);
    p.g = check::uniform(random, 81, -3, 0.5f);
    check::judge_all({p}, device);
  }
}

TEST(unbalanced_plans_agree_with_the_textbook) {
  std::mt19937 random(10);
  std::vector<Sinkhorn> batch;
  for (double tau : {0.002, 0.05, 1.0, 3.0}) {
    for (int n : {1, 17, 40}) {
      Sinkhorn p(random, n, 33);
      p.tau = tau;
      p.tolerance = 1e-5;
      batch.push_back(p);
    }
  }
  batch.push_back(clustered(random, 30, 40));
  batch.back().tau = 0.5;
  batch.push_back(batch.back());
  batch.back().limit = 2;
  check::judge_all(batch, check::roomy(), 1);
  check::judge_all(batch, check::device(4, 7 << 10));
}

TEST(annealed_starts_end_at_the_same_plan_and_count_their_iterations) {
  std::mt19937 random(11);
  std::vector<Sinkhorn> batch;
  for (double annealing : {0.5, 0.8}) {
    for (double tau : {check::kInfinity, 1.0}) {
      Sinkhorn p(random, 40, 50);
      p.epsilon = 0.01;
      p.tau = tau;
      p.annealing = annealing;
      batch.push_back(p);
      p.limit = 4;
      batch.push_back(p);
      p.limit = 1;
      batch.push_back(p);
    }
  }
  check::judge_all(batch, check::roomy(), 1);
  check::judge_all({batch[0], batch[3], batch[6]}, check::device(4, 11 << 10), 2);
}

TEST(costs_and_masses_that_are_not_finite_end_after_one_iteration) {
  std::mt19937 random(77);
  for (double tau : {check::kInfinity, 1.0}) {
    std::vector<Sinkhorn> batch;
    for (float bad : {std::nanf(""), HUGE_VALF, -HUGE_VALF}) {
      for (int place = 0; place < 3; place++) {
        Sinkhorn& p = batch.emplace_back(random, 70, 66);
        p.tau = tau;
        (place == 0 ? p.cost : place == 1 ? p.a : p.b)[60] = bad;
      }
    }
    for (const auto& device : {check::roomy(), check::tight()}) {
      for (const Solution& solution : check::solve(batch, device)) {
        CHECK(solution.report.iterations == 1 && solution.report.converged == 0);
      }
    }
  }
}

}  // namespace
