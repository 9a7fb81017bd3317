// Sinkhorn problems for tests: how to make, solve and judge them. The judge is the textbook
// iteration in float64, two log-sum-exps an iteration (Peyre and Cuturi 2019, section 4.4), which
// shares no formula with the kernels.
#pragma once

#include <limits>
#include <random>
#include <vector>

#include "check.h"
#include "otfuse_cuda.h"

namespace check {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// A positive vector that sums to 1; equal entries where `random` is null.
Floats marginal(std::mt19937* random, int count);

struct Reference {
  std::vector<double> f, g, plan;  // the plan before rounding
  double eps = 0;                  // absolute, of the last iteration
  double cost = 0;                 // of that plan
  double violation = 0;            // L1, of the row marginal
  double gap = 0;                  // primal minus dual
  int iterations = 0;
};

struct Solution {
  Floats plan, f, g;
  otc_report report{};
  int tier = 0;

  // All of it as floats, bit for bit, for comparisons.
  Floats bits() const;
};

struct Sinkhorn {
  int n;
  int m;
  Floats cost, a, b;
  Floats f, g;  // of a warm start
  double epsilon = 0.05;
  double tolerance = 1e-5;
  double tau = kInfinity;
  double annealing = 0;
  int limit = 10000;
  bool warm = false;

  // Costs uniform in [0, scale), marginals random, or equal where `uniform`.
  Sinkhorn(std::mt19937& random, int n, int m, bool uniform = false, float scale = 1);

  Reference reference() const;
  // Both marginals' L1 error of a plan.
  double marginal_error(const Floats& plan) const;
  // Checks a solution by itself and, where the reference converged, against it.
  void judge(const Solution& solution) const;
};

// A task of these sizes that is only prepared: its arrays lie nowhere.
otc_sinkhorn_task sizes(int n, int m);

// A device for prepare: few multiprocessors, `shared` bytes a block and multiprocessor.
otc_device device(int multiprocessors, int shared);

// Like an H100 with few multiprocessors; most test problems are of tier 1 there.
otc_device roomy();

// All but the smallest problems are of tier 2 there.
otc_device tight();

// Solves a batch in one call. Outputs and workspace are poisoned; costs lie `shift` floats after an
// aligned address; the launch is made `times` times.
std::vector<Solution> solve(const std::vector<Sinkhorn>& batch, const otc_device& device,
                            int shift = 0, int times = 1);

// Solves a batch and judges each solution; where a tier is given, all were solved in it.
void judge_all(const std::vector<Sinkhorn>& batch, const otc_device& device, int tier = 0,
               int shift = 0);

}  // namespace check
