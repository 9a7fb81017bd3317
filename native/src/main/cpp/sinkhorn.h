// What balanced and unbalanced Sinkhorn share: one problem, its sizes and its loop over rows.
#pragma once

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <cstddef>
#include <vector>

#include "engine.h"

namespace otf {

constexpr double kLn2 = 0.69314718055994530942;
constexpr int kRefused = -1;  // iterations of a problem whose costs are not all finite

class SinkhornProblem {
 public:
  // With a pool the problem is worked on by all of its threads.
  SinkhornProblem(const Kernels& kernels, Pool* pool, const otf_sinkhorn_task& task)
      : k_(kernels),
        pool_(pool),
        task_(task),
        n_(task.n),
        m_(task.m),
        width_((task.m + kernels.width - 1) / kernels.width * kernels.width),
        blocks_((task.n + kRowBlock - 1) / kRowBlock),
        partial_(blocks_) {
    double total = sum_rows([&](int i) { return k_.total(cost_row(i), m_); });
    mean_ = total / (static_cast<double>(n_) * m_);
    set_epsilon(epsilon_at(1));
  }

 protected:
  // The relative epsilon of iteration 1, 2, ...; see org.otfuse.SinkhornSettings.epsilonAt.
  double epsilon_at(int iteration) const {
    if (task_.warm_start || iteration >= task_.max_iterations) return task_.epsilon;
    return std::max(task_.epsilon, std::pow(task_.annealing, iteration));
  }

  // Whether that iteration has the final epsilon, so that the stopping rule applies after it.
  bool settled(int iteration) const { return epsilon_at(iteration) == task_.epsilon; }

  // Returns what potentials in powers of 2 have to be multiplied by.
  double set_epsilon(double relative) {
    double before = unit_;
    eps_ = relative * mean_;
    unit_ = 1 / (eps_ * kLn2);
    return unit_ / before;
  }

  const float* cost_row(int i) const { return task_.cost + static_cast<ptrdiff_t>(i) * m_; }
  float* plan_row(int i) const { return task_.plan + static_cast<ptrdiff_t>(i) * m_; }

  // body(index) for each index, on all threads if the problem has them.
  template <class Body>
  void each(int64_t count, Body&& body) {
    if (pool_ != nullptr) {
      pool_->run(count, [&](int64_t index, int) { body(static_cast<int>(index)); });
    } else {
      for (int index = 0; index < count; index++) body(index);
    }
  }

  // body(block, first row, row after the last).
  template <class Body>
  void each_block(Body&& body) {
    each(blocks_, [&](int b) { body(b, b * kRowBlock, std::min(n_, (b + 1) * kRowBlock)); });
  }

  // The sum of row(i), block by block in a fixed order.
  template <class Row>
  double sum_rows(Row&& row) {
    each_block([&](int b, int first, int last) {
      double total = 0;
      for (int i = first; i < last; i++) total += row(i);
      partial_[b] = total;
    });
    double total = 0;
    for (double part : partial_) total += part;
    return total;
  }

  // Whether all costs are: a sum of floats cannot leave double's range.
  bool is_finite() const { return std::isfinite(mean_); }
  static otf_report refused() { return {0, 0, 0, kRefused, 0}; }

  // Whether there is nothing to solve.
  bool is_zero() const { return !(mean_ > 0); }

  // A potential in units of cost; one beyond float's range stays at its end.
  float potential(double power) const {
    return static_cast<float>(std::clamp(power / unit_, double{-FLT_MAX}, double{FLT_MAX}));
  }

  // The product coupling: optimal and of the largest entropy where all costs are 0.
  otf_report product() {
    for (int i = 0; i < n_ && task_.plan != nullptr; i++) {
      for (int j = 0; j < m_; j++) plan_row(i)[j] = task_.a[i] * task_.b[j];
    }
    std::fill_n(task_.f, n_, 0.0f);
    std::fill_n(task_.g, m_, 0.0f);
    return {0, 0, 0, 0, 1};
  }

  const Kernels& k_;
  Pool* pool_;
  const otf_sinkhorn_task& task_;
  int n_;
  int m_;
  int width_;   // m padded to whole vectors
  int blocks_;  // of kRowBlock rows
  std::vector<double> partial_;
  double mean_ = 0;  // of the costs
  double eps_ = 0;   // of the current iteration, in units of cost
  double unit_ = 0;  // 1 / (eps ln 2): costs to exponents of 2
};

otf_report sinkhorn_balanced(const Kernels& kernels, Pool* pool, const otf_sinkhorn_task& task,
                             Scratch& scratch);
otf_report sinkhorn_unbalanced(const Kernels& kernels, Pool* pool, const otf_sinkhorn_task& task,
                               Scratch& scratch);

}  // namespace otf
