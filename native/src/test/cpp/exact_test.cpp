// Exact solvers: optimal by the dual bound that is computed here in float64, or by trying everything.
#include <cfloat>
#include <cmath>
#include <limits>
#include <numeric>

#include "check.h"

using check::Floats;

namespace {

double cost_of(const Floats& cost, const std::vector<int32_t>& source) {
  int n = static_cast<int>(source.size());
  double total = 0;
  for (int j = 0; j < n; j++) total += cost[size_t(source[j]) * n + j];
  return total / n;
}

double best_by_trying(const Floats& cost, int n) {
  std::vector<int32_t> source(n);
  std::iota(source.begin(), source.end(), 0);
  double best = cost_of(cost, source);
  while (std::next_permutation(source.begin(), source.end())) {
    best = std::min(best, cost_of(cost, source));
  }
  return best;
}

otf_report assign(otf_engine* engine, const Floats& cost, int n, std::vector<int32_t>& source,
                  const float* g = nullptr) {
  check::Guarded<int32_t> out(n);
  check::Guarded<otf_report> reports(1);
  otf_assign_task task{cost.data(), g, out.data(), n};
  CHECK(otf_assign(engine, &task, reports.data(), 1) == OTF_OK);
  source.assign(out.begin(), out.end());
  otf_report report = reports[0];
  std::vector<int> seen(n);
  for (int32_t i : source) {
    CHECK(i >= 0 && i < n && seen[std::clamp(i, 0, n - 1)]++ == 0);
  }
  return report;
}

Floats clustered(std::mt19937& random, int n, int m, int d) {
  Floats x = check::uniform(random, n * d);
  Floats y = check::uniform(random, m * d);
  Floats cost(size_t(n) * m);
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < m; j++) {
      double total = 0;
      for (int k = 0; k < d; k++) total += std::pow(x[i * d + k] - y[j * d + k], 2);
      cost[size_t(i) * m + j] = static_cast<float>(std::sqrt(total));
    }
  }
  return cost;
}

TEST(smallAssignmentsAreTheBestOfAllPermutations) {
  std::mt19937 random(20);
  check::Engine engine;
  for (int n = 1; n <= 7; n++) {
    for (int round = 0; round < 20; round++) {
      Floats cost = check::uniform(random, n * n);
      // Every other time with many ties.
      if (round % 2 == 1) {
        for (float& c : cost) c = std::floor(c * 3);
      }
      std::vector<int32_t> source;
      otf_report report = assign(engine, cost, n, source);
      double best = best_by_trying(cost, n);
      CHECK_NEAR(report.cost, best, 1e-6);
      CHECK_NEAR(cost_of(cost, source), best, 1e-6);
    }
  }
}

TEST(assignmentsReachTheirDualBoundAroundEveryVectorBoundary) {
  std::mt19937 random(21);
  check::Engine engine;
  for (int n : {15, 16, 17, 31, 33, 63, 65, 250}) {
    for (int d : {1, 2, 50}) {
      Floats cost = clustered(random, n, n, d);
      std::vector<int32_t> source;
      otf_report report = assign(engine, cost, n, source);
      CHECK_NEAR(report.cost, cost_of(cost, source), 1e-9);
      CHECK_NEAR(report.gap, 0, 1e-7 * report.cost);
      // Any start leads to the optimum.
      Floats g = check::uniform(random, n, -1, 1);
      otf_report warm = assign(engine, cost, n, source, g.data());
      CHECK_NEAR(warm.cost, report.cost, 1e-6 * report.cost);
      CHECK_NEAR(warm.gap, 0, 1e-7 * report.cost);
    }
  }
}

// Rows of very different lengths leave many rows free after the reductions.
Floats spread(std::mt19937& random, int n) {
  std::normal_distribution<double> draw;
  int d = 16;
  std::vector<double> x(n * d), y(n * d);
  for (auto* rows : {&x, &y}) {
    for (int i = 0; i < n; i++) {
      double length = std::exp(draw(random));
      for (int k = 0; k < d; k++) (*rows)[i * d + k] = length * draw(random);
    }
  }
  Floats cost(size_t(n) * n);
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < n; j++) {
      double total = 0;
      for (int k = 0; k < d; k++) total += std::pow(x[i * d + k] - y[j * d + k], 2);
      cost[size_t(i) * n + j] = static_cast<float>(std::sqrt(total));
    }
  }
  return cost;
}

TEST(rowsOfVeryDifferentLengthsAreAssignedOnAnyNumberOfThreads) {
  std::mt19937 random(25);
  for (int n : {130, 300}) {
    Floats cost = spread(random, n);
    // Far from 0, below it, and with a scale that is all noise.
    for (float shift : {0.0f, 64.0f, -64.0f, 1e6f}) {
      Floats moved = cost;
      for (float& c : moved) c += shift;
      std::vector<int32_t> source;
      std::vector<int32_t> same;
      otf_report report = assign(check::Engine(1), moved, n, source);
      CHECK_NEAR(report.cost, cost_of(moved, source), 1e-9 * std::abs(report.cost));
      CHECK_NEAR(report.gap, 0, 1e-7 * std::abs(report.cost));
      for (int threads : {2, 5}) {
        otf_report other = assign(check::Engine(threads), moved, n, same);
        CHECK(same == source);
        CHECK(other.iterations == report.iterations);
      }
    }
  }
}

TEST(constantAndPermutedCostsAreAssigned) {
  check::Engine engine;
  int n = 37;
  std::vector<int32_t> source;
  CHECK_NEAR(assign(engine, Floats(n * n, 2.5f), n, source).cost, 2.5, 1e-6);
  Floats cost(n * n, 1.0f);
  for (int j = 0; j < n; j++) cost[(j * 5 % n) * n + j] = 0;
  CHECK_NEAR(assign(engine, cost, n, source).cost, 0, 0);
  for (int j = 0; j < n; j++) CHECK(source[j] == j * 5 % n);
}

otf_report transport(otf_engine* engine, const Floats& cost, const Floats& a, const Floats& b,
                     const float* g = nullptr) {
  int n = static_cast<int>(a.size());
  int m = static_cast<int>(b.size());
  check::Output plan(int64_t{n} * m);
  otf_transport_task task{cost.data(), a.data(), b.data(), g, plan.data(), n, m};
  otf_report report{};
  CHECK(otf_transport(engine, &task, &report, 1) == OTF_OK);
  std::vector<double> columns(m);
  double error = 0;
  double total = 0;
  int support = 0;
  for (int i = 0; i < n; i++) {
    double row = 0;
    for (int j = 0; j < m; j++) {
      float t = plan[size_t(i) * m + j];
      CHECK(t >= 0);
      support += t > 0;
      row += t;
      columns[j] += t;
      total += double{t} * cost[size_t(i) * m + j];
    }
    error += std::abs(row - a[i]);
  }
  for (int j = 0; j < m; j++) error += std::abs(columns[j] - b[j]);
  CHECK_NEAR(error, 0, 1e-6);
  CHECK(support <= n + m - 1);
  CHECK_NEAR(report.cost, total, 1e-6 * std::abs(total) + 1e-12);
  CHECK_NEAR(report.gap, 0, 1e-6 * std::abs(total) + 1e-12);
  return report;
}

TEST(transportReachesItsDualBoundOnAVertexAroundEveryVectorBoundary) {
  std::mt19937 random(22);
  check::Engine engine;
  for (int n : {1, 15, 16, 17, 31, 33, 63, 65}) {
    for (int m : {1, 2, 16, 33, 64, 130}) {
      Floats cost = clustered(random, n, m, 1 + n % 3);
      bool uniform = (n + m) % 2 == 0;
      Floats a = check::marginal(uniform ? nullptr : &random, n);
      Floats b = check::marginal(uniform ? nullptr : &random, m);
      otf_report cold = transport(engine, cost, a, b);
      Floats g = check::uniform(random, m, -1, 1);
      otf_report warm = transport(engine, cost, a, b, g.data());
      CHECK_NEAR(warm.cost, cold.cost, 1e-6 * cold.cost);
    }
  }
}

TEST(transportBetweenEqualUniformSidesIsTheAssignment) {
  std::mt19937 random(23);
  check::Engine engine;
  for (int n : {5, 33, 100}) {
    Floats cost = check::uniform(random, n * n);
    for (float& c : cost) c = std::floor(c * 20);  // many ties
    std::vector<int32_t> source;
    double assigned = assign(engine, cost, n, source).cost;
    Floats uniform = check::marginal(nullptr, n);
    CHECK_NEAR(transport(engine, cost, uniform, uniform).cost, assigned, 1e-6 * assigned);
  }
}

TEST(tinyMassesAndConstantCostsAreTransported) {
  std::mt19937 random(24);
  check::Engine engine;
  Floats a(20, 1e-9f);
  a[3] = 1 - 19e-9f;
  Floats b = check::marginal(&random, 30);
  transport(engine, check::uniform(random, 600), a, b);
  CHECK_NEAR(transport(engine, Floats(600, 4.0f), a, b).cost, 4, 1e-5);
  CHECK_NEAR(transport(engine, Floats(600, 0.0f), a, b).cost, 0, 0);
}

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

// What the solvers say to the second of two problems.
std::string said_by_assign(const Floats& cost, int n, const float* g) {
  check::Engine engine;
  Floats good(n * n, 1.0f);
  check::Guarded<int32_t> source(n), other(n);
  otf_assign_task tasks[] = {{good.data(), nullptr, other.data(), n},
                             {cost.data(), g, source.data(), n}};
  otf_report reports[2];
  CHECK(otf_assign(engine, tasks, reports, 2) == OTF_OUT_OF_RANGE);
  std::string said = otf_last_error();
  CHECK(otf_assign(engine, tasks, reports, 1) == OTF_OK);
  return said;
}

std::string said_by_transport(const Floats& cost, const Floats& a, const Floats& b, const float* g) {
  check::Engine engine;
  int n = static_cast<int>(a.size());
  int m = static_cast<int>(b.size());
  check::Output plan(n * m), other(4);
  Floats half(2, 0.5f);
  Floats zero(4, 0.0f);
  otf_transport_task tasks[] = {{zero.data(), half.data(), half.data(), nullptr, other.data(), 2, 2},
                                {cost.data(), a.data(), b.data(), g, plan.data(), n, m}};
  otf_report reports[2];
  CHECK(otf_transport(engine, tasks, reports, 2) == OTF_OUT_OF_RANGE);
  std::string said = otf_last_error();
  CHECK(otf_transport(engine, tasks, reports, 1) == OTF_OK);
  return said;
}

TEST(exactSolversRefuseWhatIsNotFiniteByProblemAndPlace) {
  for (float bad : {kNaN, kInfinity, -kInfinity}) {
    std::string text = std::isnan(bad) ? "NaN" : bad > 0 ? "Infinity" : "-Infinity";
    for (int n : {1, 2, 17, 40}) {
      int at = n * n - 1 - n / 2;
      Floats cost(n * n, 1.0f);
      cost[at] = bad;
      std::string place = "[" + std::to_string(at / n) + "," + std::to_string(at % n) + "]";
      std::string expected = "Cost " + place + " of problem 1 is " + text + ", expected a finite number.";
      CHECK(said_by_assign(cost, n, nullptr) == expected);
      Floats uniform = check::marginal(nullptr, n);
      CHECK(said_by_transport(cost, uniform, uniform, nullptr) == expected);
      Floats g(n, 0.0f);
      g[n - 1] = bad;
      cost[at] = 1;
      expected = "Potential g[" + std::to_string(n - 1) + "] of problem 1 is " + text +
                 ", expected a finite number.";
      CHECK(said_by_assign(cost, n, g.data()) == expected);
      CHECK(said_by_transport(cost, uniform, uniform, g.data()) == expected);
      Floats mass = uniform;
      mass[n / 2] = bad;
      expected = "Mass b[" + std::to_string(n / 2) + "] of problem 1 is " + text +
                 ", expected a finite number above 0.";
      CHECK(said_by_transport(cost, uniform, mass, nullptr) == expected);
    }
  }
  Floats cost(6, 1.0f);
  Floats a{0.5f, -0.5f};
  Floats b{1.0f, 1e-35f, 0.5f};
  CHECK(said_by_transport(cost, a, {0.25f, 0.25f, 0.5f}, nullptr) ==
        "Mass a[1] of problem 1 is -0.5, expected a finite number above 0.");
  CHECK(said_by_transport(cost, {0.5f, 0.5f}, b, nullptr) ==
        "Mass b[1] of problem 1 is 1e-35, expected a finite number of at least 1e-30.");
}

Floats times(Floats cost, float factor) {
  for (float& c : cost) c *= factor;
  return cost;
}

TEST(costsAtTheEndsOfFloatsRangeHaveTheOptimumOfOrdinaryOnes) {
  std::mt19937 random(26);
  check::Engine engine;
  for (int n : {2, 33, 60, 130}) {
    Floats cost = n == 130 ? spread(random, n) : check::uniform(random, n * n, n == 33 ? -1.0f : 0.0f, 1);
    float largest = std::abs(*std::max_element(cost.begin(), cost.end()));
    cost = times(cost, 1 / largest);
    std::vector<int32_t> source;
    std::vector<int32_t> same;
    double assigned = assign(engine, cost, n, source).cost;
    Floats a = check::marginal(&random, n);
    Floats b = check::marginal(&random, n);
    double moved = n == 130 ? 0 : transport(engine, cost, a, b).cost;
    for (float factor : {0x1.fp127f, 0x1p-100f}) {
      Floats extreme = times(cost, factor);
      double found = assign(engine, extreme, n, same).cost;
      CHECK(std::abs(found / factor - assigned) <= 1e-6 * std::abs(assigned));
      if (n == 130) continue;
      check::Output plan(n * n);
      otf_transport_task task{extreme.data(), a.data(), b.data(), nullptr, plan.data(), n, n};
      otf_report report{};
      CHECK(otf_transport(engine, &task, &report, 1) == OTF_OK);
      CHECK(std::abs(report.cost / factor - moved) <= 1e-6 * std::abs(moved));
    }
  }
}

TEST(potentialsFarBeyondTheCostsStillLeadToTheOptimum) {
  std::mt19937 random(27);
  check::Engine engine;
  int n = 50;
  Floats cost = check::uniform(random, n * n);
  std::vector<int32_t> source;
  double best = assign(engine, cost, n, source).cost;
  Floats uniform = check::marginal(nullptr, n);
  for (float size : {1e4f, 1e20f, FLT_MAX}) {
    Floats g = check::uniform(random, n, -1, 1);
    for (float& value : g) value *= size;
    CHECK_NEAR(assign(engine, cost, n, source, g.data()).cost, best, 1e-6 * best);
    CHECK_NEAR(transport(engine, cost, uniform, uniform, g.data()).cost, best, 1e-6 * best);
  }
}

TEST(aFewHugeCostsDoNotHideTheOrdinaryOnes) {
  std::mt19937 random(28);
  check::Engine engine;
  int n = 40;
  Floats uniform = check::marginal(nullptr, n);
  Floats cost = check::uniform(random, n * n);
  for (int i = 0; i < n; i++) cost[i * n + (i * 7 + 3) % n] = 50;  // nobody takes these
  std::vector<int32_t> source;
  double best = assign(engine, cost, n, source).cost;
  CHECK(best < 1);
  for (float huge : {1e12f, 1e20f, 3e38f}) {
    for (int i = 0; i < n; i++) cost[i * n + (i * 7 + 3) % n] = huge;
    CHECK_NEAR(assign(engine, cost, n, source).cost, best, 1e-6 * best);
    check::Output plan(n * n);
    otf_transport_task task{cost.data(), uniform.data(), uniform.data(), nullptr, plan.data(), n, n};
    otf_report report{};
    CHECK(otf_transport(engine, &task, &report, 1) == OTF_OK);
    CHECK_NEAR(report.cost, best, 1e-6 * best);
  }
}

}  // namespace
