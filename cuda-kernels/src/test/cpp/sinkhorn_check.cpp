#include "sinkhorn_check.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include "outputs.h"

namespace check {

Floats marginal(std::mt19937* random, int count) {
  Floats values = random == nullptr ? Floats(static_cast<size_t>(count), 1.0f)
                                    : uniform(*random, count, 0.1f, 1);
  double total = 0;
  for (float value : values) total += value;
  for (float& value : values) value = static_cast<float>(value / total);
  return values;
}

Sinkhorn::Sinkhorn(std::mt19937& random, int n, int m, bool even, float scale)
    : n(n),
      m(m),
      cost(check::uniform(random, int64_t{n} * m, 0, scale)),
      a(marginal(even ? nullptr : &random, n)),
      b(marginal(even ? nullptr : &random, m)),
      f(static_cast<size_t>(n)),
      g(static_cast<size_t>(m)) {}

Floats Solution::bits() const {
  Floats all = plan;
  all.insert(all.end(), f.begin(), f.end());
  all.insert(all.end(), g.begin(), g.end());
  float words[sizeof(report) / sizeof(float)];
  std::memcpy(words, &report, sizeof(report));
  all.insert(all.end(), std::begin(words), std::end(words));
  return all;
}

namespace {

// log sum exp of term(k) over k < count.
template <class Term>
double log_sum(int count, Term term) {
  double top = -kInfinity, sum = 0;
  for (int k = 0; k < count; k++) top = std::max(top, term(k));
  for (int k = 0; k < count; k++) sum += std::exp(term(k) - top);
  return top + std::log(sum);
}

}  // namespace

Reference Sinkhorn::reference() const {
  double mean = 0;
  for (float c : cost) mean += c;
  mean /= static_cast<double>(n) * m;
  if (mean == 0) mean = 1;
  auto at = [&](int i, int j) { return static_cast<double>(cost[static_cast<size_t>(i) * m + j]); };
  Reference r;
  r.f.resize(n);
  r.g.assign(m, 0);
  if (warm) r.g.assign(g.begin(), g.end());
  if (warm) r.f.assign(f.begin(), f.end());
  double eps = 0;
  while (r.iterations < limit) {
    r.iterations++;
    const bool settled =
        warm || r.iterations == limit || std::pow(annealing, r.iterations) <= epsilon;
    eps = mean * (settled ? epsilon : std::pow(annealing, r.iterations));
    const double damping = tau == kInfinity ? 1 : tau / (tau + eps);
    double change = 0;
    for (int i = 0; i < n; i++) {
      const double next =
          damping * eps *
          (std::log(a[i]) - log_sum(m, [&](int j) { return (r.g[j] - at(i, j)) / eps; }));
      change = std::max(change, std::abs(next - r.f[i]));
      r.f[i] = next;
    }
    for (int j = 0; j < m; j++) {
      const double next =
          damping * eps *
          (std::log(b[j]) - log_sum(n, [&](int i) { return (r.f[i] - at(i, j)) / eps; }));
      change = std::max(change, std::abs(next - r.g[j]));
      r.g[j] = next;
    }
    r.violation = 0;
    for (int i = 0; i < n && tau == kInfinity; i++) {
      double sum = 0;
      for (int j = 0; j < m; j++) sum += std::exp((r.f[i] + r.g[j] - at(i, j)) / eps);
      r.violation += std::abs(sum - a[i]);
    }
    if (tau != kInfinity) r.violation = change / eps;
    if (settled && r.violation <= tolerance) break;
  }
  r.eps = eps;
  std::vector<double> rows(n), columns(m);
  double mass = 0;
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < m; j++) {
      const double p = std::exp((r.f[i] + r.g[j] - at(i, j)) / eps);
      r.plan.push_back(p);
      r.cost += p * at(i, j);
      if (p > 0) r.gap += p * at(i, j) + eps * p * (std::log(p) - 1);
      rows[i] += p;
      columns[j] += p;
      mass += p;
    }
  }
  r.gap += eps * mass;
  auto marginal_gap = [&](double potential, double sum, double wanted) {
    if (tau == kInfinity) return -potential * wanted;
    const double divergence = wanted - sum + (sum > 0 ? sum * std::log(sum / wanted) : 0);
    return tau * (divergence + wanted * (std::exp(-potential / tau) - 1));
  };
  for (int i = 0; i < n; i++) r.gap += marginal_gap(r.f[i], rows[i], a[i]);
  for (int j = 0; j < m; j++) r.gap += marginal_gap(r.g[j], columns[j], b[j]);
  return r;
}

double Sinkhorn::marginal_error(const Floats& plan) const {
  double error = 0;
  std::vector<double> columns(m);
  for (int i = 0; i < n; i++) {
    double row = 0;
    for (int j = 0; j < m; j++) {
      row += plan[static_cast<size_t>(i) * m + j];
      columns[j] += plan[static_cast<size_t>(i) * m + j];
    }
    error += std::abs(row - a[i]);
  }
  for (int j = 0; j < m; j++) error += std::abs(columns[j] - b[j]);
  return error;
}

void Sinkhorn::judge(const Solution& s) const {
  const Reference expected = reference();
  const float largest = *std::max_element(cost.begin(), cost.end());
  const bool balanced = tau == kInfinity;
  double cost_of_plan = 0;
  for (size_t k = 0; k < cost.size(); k++) {
    CHECK(s.plan[k] >= 0);
    cost_of_plan += static_cast<double>(s.plan[k]) * cost[k];
  }
  CHECK_NEAR(s.report.cost, cost_of_plan, 2e-6 * cost_of_plan);
  if (balanced) CHECK_NEAR(marginal_error(s.plan), 0, 1e-6);
  const bool converged =
      s.report.violation <= tolerance && (annealing == 0 || s.report.iterations > 1);
  CHECK(s.report.converged == (converged ? 1 : 0));
  CHECK(s.report.converged == 1 || s.report.iterations == limit);
  // What the violation lets the cost move, and float32 potentials.
  const double moved =
      2 * largest * (expected.violation + (balanced ? s.report.violation : 2 * tolerance * tau));
  CHECK_NEAR(s.report.cost, expected.cost, 1e-4 * expected.cost + moved);
  // Rounding moves a plan by no more than twice what its rows lack.
  double plan_off = 0;
  double potentials_off = 0;
  double mass = 0;
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < m; j++) {
      const size_t k = static_cast<size_t>(i) * m + j;
      mass += expected.plan[k];
      plan_off += std::abs(s.plan[k] - expected.plan[k]);
      const double told = std::exp((double{s.f[i]} + s.g[j] - cost[k]) / expected.eps);
      potentials_off += std::abs(told - expected.plan[k]);
    }
  }
  const double lacking = balanced ? expected.violation + s.report.violation : tolerance;
  CHECK_NEAR(plan_off, 0, 1e-3 * mass + 4 * lacking);
  // The same iterations end at the same potentials, however far from convergence.
  const bool together = s.report.iterations == expected.iterations;
  CHECK_NEAR(potentials_off, 0, 1e-2 * mass + (together ? 0 : 4 * lacking));
  const double slack = 1e-5 * largest + moved;
  CHECK(s.report.gap > -1e-6 * largest);
  CHECK_NEAR(s.report.gap, expected.gap, slack);
  CHECK_NEAR(s.report.iterations, expected.iterations, 2 + 0.02 * expected.iterations);
  if (!s.report.converged)
    CHECK_NEAR(s.report.violation, expected.violation, 1e-6 + 0.01 * expected.violation);
}

otc_sinkhorn_task sizes(int n, int m) {
  auto* nowhere = reinterpret_cast<float*>(uintptr_t{256});
  otc_sinkhorn_task task{};
  task.cost = task.a = task.b = nowhere;
  task.plan = task.f = task.g = nowhere;
  task.n = n;
  task.m = m;
  return task;
}

otc_device device(int multiprocessors, int shared) {
  return {multiprocessors, shared, shared + 1024};
}

otc_device roomy() { return device(4, 227 << 10); }

otc_device tight() { return device(4, 40 << 10); }

namespace {

// A problem's inputs on the device.
struct Buffers {
  Device<float> cost, a, b;

  Buffers(const Sinkhorn& p, int shift) : cost(shifted(p.cost, shift)), a(p.a), b(p.b) {}

  static Floats shifted(const Floats& values, int shift) {
    Floats all(static_cast<size_t>(shift), 0.0f);
    all.insert(all.end(), values.begin(), values.end());
    return all;
  }
};

}  // namespace

std::vector<Solution> solve(const std::vector<Sinkhorn>& batch, const otc_device& device, int shift,
                            int times) {
  std::vector<std::unique_ptr<Buffers>> buffers;
  std::vector<otc_sinkhorn_task> tasks;
  std::vector<size_t> lengths;
  for (const Sinkhorn& p : batch)
    lengths.insert(lengths.end(), {p.cost.size(), p.a.size(), p.b.size()});
  const Outputs<float> out(lengths);
  for (const Sinkhorn& p : batch) {
    const size_t first = 3 * tasks.size();
    buffers.push_back(std::make_unique<Buffers>(p, shift));
    const Buffers& x = *buffers.back();
    otc_sinkhorn_task task{};
    task.cost = x.cost + shift;
    task.a = x.a;
    task.b = x.b;
    task.plan = out[first];
    task.f = out[first + 1];
    task.g = out[first + 2];
    if (p.warm) {
      ote_copy_async(task.f, p.f.data(), p.f.size() * sizeof(float), 1, nullptr);
      ote_copy_async(task.g, p.g.data(), p.g.size() * sizeof(float), 1, nullptr);
    }
    task.epsilon = p.epsilon;
    task.tolerance = p.tolerance;
    task.tau = p.tau;
    task.annealing = p.annealing;
    task.n = p.n;
    task.m = p.m;
    task.max_iterations = p.limit;
    task.warm_start = p.warm;
    tasks.push_back(task);
  }
  const int count = static_cast<int>(batch.size());
  std::vector<int32_t> order(batch.size());
  otc_launch launch;
  CHECK(otc_sinkhorn_prepare(tasks.data(), order.data(), count, &device, &launch) == 0);
  Device<otc_sinkhorn_task> device_tasks(tasks);
  Device<int32_t> device_order(order);
  const Outputs<otc_report> reports({batch.size()});
  Device<char> workspace(static_cast<size_t>(launch.workspace));
  for (int t = 0; t < times; t++) {
    CHECK_NEAR(otc_sinkhorn(device_tasks, device_order, reports[0], &launch, workspace, nullptr), 0,
               0);
  }
  const std::vector<otc_report> said = reports.read();
  std::vector<Solution> solutions;
  for (size_t t = 0; t < batch.size(); t++) {
    solutions.push_back(
        {out.read(3 * t), out.read(3 * t + 1), out.read(3 * t + 2), said[t], tasks[t].tier});
  }
  return solutions;
}

void judge_all(const std::vector<Sinkhorn>& batch, const otc_device& device, int tier, int shift) {
  const std::vector<Solution> solutions = solve(batch, device, shift);
  for (size_t k = 0; k < batch.size(); k++) {
    batch[k].judge(solutions[k]);
    if (tier != 0) CHECK(solutions[k].tier == tier);
  }
}

}  // namespace check
