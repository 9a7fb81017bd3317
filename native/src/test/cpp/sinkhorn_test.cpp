// Entropic transport against the log-domain iteration in float64.
#include <cmath>
#include <limits>

#include "check.h"

using check::Floats;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Instance {
  int n;
  int m;
  Floats cost, a, b;
  check::Output plan, f, g;
  double epsilon = 0.05;
  double tolerance = 1e-4;
  double tau = kInfinity;
  int iterations = 10000;
  int warm = 0;

  Instance(std::mt19937& random, int n, int m, bool uniform, float scale = 1)
      : n(n),
        m(m),
        cost(check::uniform(random, int64_t{n} * m, 0, scale)),
        a(check::marginal(uniform ? nullptr : &random, n)),
        b(check::marginal(uniform ? nullptr : &random, m)),
        plan(int64_t{n} * m),
        f(n),
        g(m) {}

  otf_sinkhorn_task task() {
    return {cost.data(), a.data(), b.data(), plan.data(), f.data(), g.data(), n, m,
            epsilon, tolerance, tau, 0, iterations, warm};
  }

  otf_report solve(otf_engine* engine) {
    otf_sinkhorn_task t = task();
    otf_report report{};
    CHECK(otf_sinkhorn(engine, &t, &report, 1) == OTF_OK);
    return report;
  }

  double mean() const {
    double total = 0;
    for (float c : cost) total += c;
    return total / (double(n) * m);
  }

  // <C,T> of the float64 iteration, with two log-sum-exps an iteration.
  double reference(std::vector<double>* marginal = nullptr) const {
    double eps = epsilon * mean();
    double lambda = tau == kInfinity ? 1 : tau / (tau + eps);
    std::vector<double> f(n), g(m);
    for (int round = 0; round < 3000; round++) {
      for (int i = 0; i < n; i++) {
        double top = -kInfinity, sum = 0;
        for (int j = 0; j < m; j++) top = std::max(top, (g[j] - cost[i * m + j]) / eps);
        for (int j = 0; j < m; j++) sum += std::exp((g[j] - cost[i * m + j]) / eps - top);
        f[i] = lambda * eps * (std::log(a[i]) - top - std::log(sum));
      }
      double change = 0;
      for (int j = 0; j < m; j++) {
        double top = -kInfinity, sum = 0;
        for (int i = 0; i < n; i++) top = std::max(top, (f[i] - cost[i * m + j]) / eps);
        for (int i = 0; i < n; i++) sum += std::exp((f[i] - cost[i * m + j]) / eps - top);
        double next = lambda * eps * (std::log(b[j]) - top - std::log(sum));
        change = std::max(change, std::abs(next - g[j]));
        g[j] = next;
      }
      if (change < 1e-9 * eps) break;
    }
    double total = 0;
    if (marginal != nullptr) marginal->assign(n, 0);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < m; j++) {
        double p = std::exp((f[i] + g[j] - cost[i * m + j]) / eps);
        total += p * cost[i * m + j];
        if (marginal != nullptr) (*marginal)[i] += p;
      }
    }
    return total;
  }

  double marginal_error() const {
    double error = 0;
    std::vector<double> columns(m);
    for (int i = 0; i < n; i++) {
      double row = 0;
      for (int j = 0; j < m; j++) {
        row += plan[i * m + j];
        columns[j] += plan[i * m + j];
      }
      error += std::abs(row - a[i]);
    }
    for (int j = 0; j < m; j++) error += std::abs(columns[j] - b[j]);
    return error;
  }
};

TEST(couplingsAgreeWithTheLogDomainInDoubleAroundEveryVectorBoundary) {
  std::mt19937 random(5);
  check::Engine engine;
  for (int n : {1, 15, 16, 17, 31, 33, 63, 65}) {
    for (int m : {1, 15, 16, 17, 31, 33, 63, 65}) {
      Instance p(random, n, m, n < 20);
      p.tolerance = 1e-6;
      otf_report report = p.solve(engine);
      CHECK(report.converged == 1);
      double expected = p.reference();
      CHECK_NEAR(report.cost, expected, 1e-4 * expected);
      CHECK_NEAR(p.marginal_error(), 0, 1e-6);
      CHECK(report.gap > -1e-6 * expected && report.gap < 1e-3 * expected);
      for (float value : p.plan) CHECK(value >= 0);
    }
  }
}

TEST(smallEpsilonsAndWideCostsConvergeToTheirTolerance) {
  std::mt19937 random(6);
  check::Engine engine;
  for (float scale : {1e-3f, 1.0f, 1e3f}) {
    for (double epsilon : {0.2, 0.01, 0.001}) {
      Instance p(random, 40, 30, false, scale);
      p.epsilon = epsilon;
      p.iterations = 200000;
      if (epsilon >= 0.01) p.tolerance = 1e-6;
      otf_report report = p.solve(engine);
      CHECK(report.converged == 1);
      CHECK(report.violation <= p.tolerance);
      CHECK_NEAR(p.marginal_error(), 0, 1e-6);
      if (epsilon >= 0.01) CHECK_NEAR(report.cost, p.reference(), 2e-4 * report.cost);
    }
  }
}

TEST(aFewIterationsStopUnconvergedAndStillRoundOntoTheMarginals) {
  std::mt19937 random(7);
  check::Engine engine;
  Instance p(random, 50, 70, false);
  // Two far clusters: at first most columns have no mass within float's range.
  for (int i = 0; i < 50; i++) {
    for (int j = 0; j < 70; j++) p.cost[i * 70 + j] = std::abs(i * 1.4f - j) + 1e-3f * p.cost[i * 70 + j];
  }
  p.epsilon = 0.0005;
  p.iterations = 3;
  otf_report report = p.solve(engine);
  CHECK(report.iterations == 3);
  CHECK(report.converged == 0);
  CHECK(report.violation > 1e-4);
  CHECK_NEAR(p.marginal_error(), 0, 1e-6);
}

TEST(aWarmStartFromTheSolutionStopsAtOnce) {
  std::mt19937 random(8);
  check::Engine engine;
  Instance p(random, 45, 33, false);
  otf_report cold = p.solve(engine);
  p.warm = 1;
  otf_report warm = p.solve(engine);
  CHECK(cold.iterations > 2);
  CHECK(warm.iterations == 1);
  CHECK_NEAR(warm.cost, cold.cost, 2e-4 * cold.cost);
}

TEST(costsOfZeroGiveTheProductCoupling) {
  std::mt19937 random(9);
  check::Engine engine;
  for (double tau : {kInfinity, 1.0}) {
    Instance p(random, 5, 7, false);
    p.cost.assign(35, 0.0f);
    p.tau = tau;
    otf_report report = p.solve(engine);
    CHECK(report.converged == 1 && report.cost == 0);
    for (int i = 0; i < 5; i++) {
      for (int j = 0; j < 7; j++) CHECK_NEAR(p.plan[i * 7 + j], double(p.a[i]) * p.b[j], 1e-8);
    }
  }
}

TEST(unbalancedCouplingsAgreeWithTheLogDomainInDouble) {
  std::mt19937 random(10);
  check::Engine engine;
  for (double tau : {0.05, 1.0, 3.0}) {
    for (int n : {1, 17, 40}) {
      Instance p(random, n, 33, false);
      p.tau = tau;
      p.tolerance = 1e-7;  // the potentials are further from their limit by tau / (2 eps)
      otf_report report = p.solve(engine);
      CHECK(report.converged == 1);
      std::vector<double> rows;
      double expected = p.reference(&rows);
      CHECK_NEAR(report.cost, expected, 2e-4 * expected + 1e-9);
      double violation = 0;
      for (int i = 0; i < n; i++) violation += std::abs(rows[i] - p.a[i]);
      CHECK_NEAR(report.violation, violation, 2e-5);
      CHECK(report.gap > -1e-5 && report.gap < 1e-3);
    }
  }
}

TEST(couplingsDependNeitherOnThreadsNorOnTheBatch) {
  std::mt19937 random(11);
  for (double tau : {kInfinity, 0.5}) {
    Instance big(random, 300, 280, true);
    Instance small(random, 20, 30, true);
    big.tau = small.tau = tau;
    big.iterations = 30;
    otf_report alone = big.solve(check::Engine(1));
    check::Output plan = big.plan;
    for (int threads : {2, 5}) {
      big.plan = check::Output(300 * 280);
      otf_sinkhorn_task tasks[] = {small.task(), big.task(), small.task()};
      check::Output extra(20 * 30 + 50);
      tasks[2].plan = extra.data();
      tasks[2].f = extra.data() + 600;
      tasks[2].g = extra.data() + 620;
      otf_report reports[3];
      CHECK(otf_sinkhorn(check::Engine(threads), tasks, reports, 3) == OTF_OK);
      CHECK(big.plan == plan);
      CHECK(reports[1].cost == alone.cost && reports[1].gap == alone.gap);
    }
  }
}

TEST(whatIsNotFiniteIsRefusedByProblemAndPlace) {
  std::mt19937 random(12);
  check::Engine engine;
  for (double tau : {kInfinity, 0.5}) {
    for (int n : {1, 30, 300}) {
      Instance good(random, 5, 6, true);
      Instance bad(random, n, 31, false);
      bad.tau = tau;
      otf_sinkhorn_task tasks[] = {good.task(), bad.task()};
      auto said = [&] {
        check::Guarded<otf_report> reports(2);
        CHECK(otf_sinkhorn(engine, tasks, reports.data(), 2) == OTF_OUT_OF_RANGE);
        return std::string(otf_last_error());
      };
      float kept = bad.cost[n * 31 - 2];
      bad.cost[n * 31 - 2] = -std::numeric_limits<float>::infinity();
      CHECK(said() == "Cost [" + std::to_string(n - 1) +
                          ",29] of problem 1 is -Infinity, expected a finite number.");
      bad.cost[n * 31 - 2] = kept;
      kept = bad.b[30];
      bad.b[30] = 0;
      CHECK(said() == "Mass b[30] of problem 1 is 0, expected a finite number above 0.");
      bad.b[30] = kept;
      tasks[1].warm_start = 1;  // the potentials are poison
      CHECK(said() == "Potential f[0] of problem 1 is NaN, expected a finite number.");
      tasks[1].warm_start = 0;
      tasks[1].epsilon = 1e-310;
      CHECK(said().find("The coupling of problem 1 leaves the range of numbers") == 0);
      good.solve(engine);
    }
  }
}

TEST(costsAtTheEndsOfFloatsRangeHaveTheCouplingOfOrdinaryOnes) {
  std::mt19937 random(13);
  check::Engine engine;
  for (float factor : {0x1p127f, 0x1p-120f}) {
    Instance p(random, 40, 33, false);
    otf_report report = p.solve(engine);
    check::Output plan = p.plan;
    for (float& c : p.cost) c *= factor;
    otf_report extreme = p.solve(engine);
    CHECK(extreme.converged == 1);
    CHECK(std::abs(extreme.cost / factor - report.cost) <= 1e-5 * report.cost);
    for (size_t i = 0; i < plan.size(); i++) CHECK_NEAR(p.plan[i], plan[i], 1e-6);
    for (float value : p.f) CHECK(std::isfinite(value));
    for (float value : p.g) CHECK(std::isfinite(value));
  }
}

TEST(oneHugeCostLeavesMarginalsThatHold) {
  std::mt19937 random(14);
  check::Engine engine;
  Instance p(random, 20, 25, false);
  for (float huge : {1e20f, 3e38f}) {
    p.cost[77] = huge;
    otf_report report = p.solve(engine);
    CHECK(report.converged == 1);
    CHECK_NEAR(p.marginal_error(), 0, 1e-5);
  }
}

}  // namespace
