// Balanced Sinkhorn in the log domain with one exponential an entry (Peyre and Cuturi 2019, section
// 4.4) and absorption (Schmitzer 2019, section 3.1). Exponents are to base 2, potentials in double.
//
// A problem holds base potentials u, v and K_ij = 2^(u_i + v_j - C_ij / (eps ln 2)). An iteration
// scales K's rows to the row marginal, r_i = sum_j K_ij w_j, s_i = a_i / r_i, and in the same pass sums
// the columns of diag(s) K, which gives w_j = b_j / sum_i s_i K_ij: no exponential and no maximum. The
// scalings are folded into u, v and K is made afresh, which costs one exponential an entry, as soon as
// a scaling leaves [2^-16, 2^16]. Entries of K below 2^-100 count as 0; between two folds each stands
// for at most 2^-68 of mass. A column whose sum does not stand far above that is summed again with its
// own maximum.
//
// The violation of the row marginal comes from the row sums of the next iteration. Sums over rows go
// block by block in a fixed order, so that threads do not change a bit.
#include "sinkhorn.h"

#include <string>

#include "numbers.h"

namespace otf {
namespace {

constexpr double kReach = 0x1p16;
constexpr double kSmallColumn = 0x1p-50;
// Problems of so many entries are worth all threads where there are too few of them to go round.
constexpr int64_t kLarge = 1 << 16;
// And of so many always: their K does not fit the cache of one core.
constexpr int64_t kHuge = 1 << 20;

class Balanced : SinkhornProblem {
 public:
  using SinkhornProblem::SinkhornProblem;

  otf_report solve(Scratch& scratch) {
    if (!is_finite()) return refused();
    if (is_zero()) return product();
    lay_out(scratch);
    start();
    iterate();
    return finish();
  }

 private:
  float* k_row(int i) const { return matrix_ + static_cast<ptrdiff_t>(i) * width_; }

  void lay_out(Scratch& scratch) {
    rows_ = (n_ + kRowGroup - 1) / kRowGroup * kRowGroup;
    size_t size = static_cast<size_t>(rows_) * width_;
    size_t parts = static_cast<size_t>(pool_ == nullptr ? 1 : blocks_) * width_;
    scratch.reserve(Scratch::rounded<float>(size) + Scratch::rounded<float>(parts) +
                    3 * Scratch::rounded<double>(rows_) + 2 * Scratch::rounded<double>(width_) +
                    2 * Scratch::rounded<float>(rows_) + 2 * Scratch::rounded<float>(width_));
    matrix_ = scratch.take<float>(size);
    parts_ = scratch.take<float>(parts);
    u_ = scratch.take<double>(rows_);
    row_sums_ = scratch.take<double>(rows_);
    total_u_ = scratch.take<double>(rows_);
    v_ = scratch.take<double>(width_);
    columns_ = scratch.take<double>(width_);
    s_ = scratch.take<float>(rows_);
    old_s_ = scratch.take<float>(rows_);
    w_ = scratch.take<float>(width_);
    scaled_w_ = scratch.take<float>(width_);
  }

  void start() {
    for (int i = n_; i < rows_; i++) {
      s_[i] = old_s_[i] = 0;
      std::fill_n(k_row(i), width_, 0.0f);
    }
    std::fill_n(v_, width_, 0.0);
    std::fill_n(w_, width_, 0.0f);
    std::fill_n(scaled_w_, width_, 0.0f);
    for (int i = 0; i < n_; i++) u_[i] = task_.warm_start ? task_.f[i] * unit_ : 0;
    for (int j = 0; j < m_; j++) v_[j] = task_.warm_start ? task_.g[j] * unit_ : 0;
    std::fill_n(s_, n_, 1.0f);
    std::fill_n(w_, m_, 1.0f);
  }

  // Leaves s, w of potentials whose columns hold and whose row sums are in row_sums_.
  void iterate() {
    bool fold = true;
    while (true) {
      if (iterations_ < task_.max_iterations) fold |= anneal(iterations_ + 1);
      row_pass(fold);
      converged_ = iterations_ > 0 && settled(iterations_) && violation_ <= task_.tolerance;
      if (converged_ || iterations_ == task_.max_iterations) break;
      fold = !column_pass();
      iterations_++;
    }
    std::swap(s_, old_s_);
  }

  // Takes the potentials to an iteration's epsilon, with all scalings folded in where that is another.
  bool anneal(int iteration) {
    double relative = epsilon_at(iteration);
    if (relative * mean_ == eps_) return false;
    double factor = set_epsilon(relative);
    for (int i = 0; i < n_; i++) {
      u_[i] = factor * (u_[i] + std::log2(static_cast<double>(s_[i])));
      s_[i] = 1;
    }
    for (int j = 0; j < m_; j++) {
      v_[j] = factor * (v_[j] + std::log2(static_cast<double>(w_[j])));
      w_[j] = 1;
    }
    return true;
  }

  // Makes row i of K and returns its sum. A row whose sum is beyond what a scaling may repair gets
  // another potential; its old scaling then says by how much.
  double make_row(int i) {
    double a = task_.a[i];
    if (iterations_ > 0 || task_.warm_start) {
      double sum = k_.exponentials(cost_row(i), unit_, u_[i], v_, m_, k_row(i));
      if (sum > a / kReach && sum < a * kReach) return sum;
    }
    double before = u_[i];
    u_[i] = std::log2(a) - k_.largest_exponent(cost_row(i), unit_, v_, m_);
    old_s_[i] = static_cast<float>(std::exp2(std::clamp(before - u_[i], -120.0, 120.0)));
    return k_.exponentials(cost_row(i), unit_, u_[i], v_, m_, k_row(i));
  }

  // Row sums, their violation, new row scalings and the column sums that these give.
  void row_pass(bool fold) {
    std::swap(s_, old_s_);
    if (pool_ == nullptr) std::fill_n(columns_, width_, 0.0);
    violation_ = 0;
    each_block([&](int b, int first, int last) {
      float* part = parts_ + (pool_ == nullptr ? 0 : static_cast<ptrdiff_t>(b) * width_);
      std::fill_n(part, width_, 0.0f);
      double violation = 0;
      for (int i = first; i < last; i += kRowGroup) {
        double sums[kRowGroup];
        int count = std::min(kRowGroup, last - i);
        if (fold) {
          for (int r = 0; r < count; r++) sums[r] = make_row(i + r);
        } else {
          k_.dot(k_row(i), width_, w_, width_, sums);
        }
        if (count == kRowGroup) {
          violation += k_.row_scalings(sums, task_.a + i, old_s_ + i, row_sums_ + i, s_ + i);
        }
        for (int r = 0; r < count && count < kRowGroup; r++) {
          row_sums_[i + r] = old_s_[i + r] * sums[r];
          violation += std::abs(row_sums_[i + r] - task_.a[i + r]);
          s_[i + r] = static_cast<float>(task_.a[i + r] / sums[r]);
        }
        k_.axpy(k_row(i), width_, s_ + i, width_, part);
      }
      partial_[b] = violation;
      if (pool_ == nullptr) k_.accumulate(part, width_, columns_);
    });
    if (pool_ != nullptr) sum_parts();
    for (double part : partial_) violation_ += part;
  }

  // Column sums from those of the blocks, in the order of the blocks.
  void sum_parts() {
    constexpr int kStrip = 512;
    each((width_ + kStrip - 1) / kStrip, [&](int strip) {
      int first = strip * kStrip;
      int count = std::min(kStrip, width_ - first);
      std::fill_n(columns_ + first, count, 0.0);
      for (int b = 0; b < blocks_; b++) {
        k_.accumulate(parts_ + static_cast<ptrdiff_t>(b) * width_ + first, count, columns_ + first);
      }
    });
  }

  // New column scalings. Returns false where a scaling has gone too far; all are folded then.
  bool column_pass() {
    bool within = k_.column_scalings(task_.b, columns_, m_, kSmallColumn, kReach, w_);
    for (int i = 0; i < n_; i++) within &= (s_[i] >= 1 / kReach) & (s_[i] <= kReach);
    if (within) return true;
    for (int i = 0; i < n_; i++) {
      u_[i] += std::log2(static_cast<double>(s_[i]));
      s_[i] = 1;
    }
    each((m_ + k_.width - 1) / k_.width, [&](int strip) {
      int first = strip * k_.width;
      int last = std::min(first + k_.width, m_);
      double logs[64];
      bool small = false;
      for (int j = first; j < last; j++) small |= !(columns_[j] >= kSmallColumn);
      if (small) k_.column_log_sums(task_.cost + first, m_, n_, last - first, unit_, u_, logs);
      for (int j = first; j < last; j++) {
        double log_b = std::log2(static_cast<double>(task_.b[j]));
        bool own = !(columns_[j] >= kSmallColumn);
        v_[j] = own ? log_b - logs[j - first] : v_[j] + log_b - std::log2(columns_[j]);
        w_[j] = 1;
      }
    });
    return false;
  }

  // Potentials, then rounding onto the transport polytope (Altschuler et al. 2017, algorithm 2). The
  // plan is written once, in the pass that takes its cost and its divergence.
  otf_report finish() {
    for (int i = 0; i < n_; i++) {
      total_u_[i] = u_[i] + std::log2(static_cast<double>(s_[i]));
      task_.f[i] = potential(total_u_[i]);
      old_s_[i] = s_[i] * static_cast<float>(std::min(1.0, task_.a[i] / row_sums_[i]));
    }
    for (int j = 0; j < m_; j++) {
      v_[j] += std::log2(static_cast<double>(w_[j]));
      task_.g[j] = potential(v_[j]);
    }
    if (task_.plan == nullptr) return {0, violation_, 0, iterations_, converged_};
    double missing = scale_columns();
    double share = missing > 0 ? 1 / missing : 0;
    double cost = 0;
    double gap = 0;
    std::vector<double> gaps(blocks_);
    each_block([&](int b, int first, int last) {
      partial_[b] = 0;
      for (int i = first; i < last; i += kRowGroup) {
        double sums[kRowGroup];
        k_.dot(k_row(i), width_, scaled_w_, width_, sums);
        for (int r = i; r < std::min(last, i + kRowGroup); r++) {
          double sum = sums[r - i] * old_s_[r];
          float lack = static_cast<float>(std::max(0.0, task_.a[r] - sum) * share);
          FinishedRow row{old_s_[r], scaled_w_, lack, lacking_columns(), s_[r],
                          w_,        total_u_[r], v_, unit_};
          RowObjectives part = k_.finish_row(k_row(r), cost_row(r), row, m_, plan_row(r));
          partial_[b] += part.cost;
          gaps[b] += part.divergence;
        }
      }
    });
    for (int b = 0; b < blocks_; b++) {
      cost += partial_[b];
      gap += gaps[b] * eps_ * kLn2;
    }
    return {cost, violation_, gap, iterations_, converged_};
  }

  float* lacking_columns() const { return parts_; }

  // Takes columns that are too heavy down to their marginal, by scaled_w_; what the others lack goes
  // to lacking_columns(), its sum is returned.
  double scale_columns() {
    if (pool_ == nullptr) std::fill_n(columns_, width_, 0.0);
    each_block([&](int b, int first, int last) {
      float* part = parts_ + (pool_ == nullptr ? 0 : static_cast<ptrdiff_t>(b) * width_);
      std::fill_n(part, width_, 0.0f);
      for (int i = first; i < last; i += kRowGroup) {
        k_.axpy(k_row(i), width_, old_s_ + i, width_, part);
      }
      if (pool_ == nullptr) k_.accumulate(part, width_, columns_);
    });
    if (pool_ != nullptr) sum_parts();
    double missing = 0;
    for (int j = 0; j < m_; j++) {
      double sum = columns_[j] * w_[j];
      double lack = std::max(0.0, task_.b[j] - sum);
      scaled_w_[j] = w_[j] * (sum > task_.b[j] ? static_cast<float>(task_.b[j] / sum) : 1.0f);
      lacking_columns()[j] = static_cast<float>(lack);
      missing += lack;
    }
    return missing;
  }

  int rows_ = 0;              // n padded to whole groups
  float* matrix_ = nullptr;   // K [rows,width]
  float* parts_ = nullptr;    // column sums of each block [blocks,width]
  double* u_ = nullptr;       // base potentials in powers of 2
  double* v_ = nullptr;
  float* s_ = nullptr;        // scalings
  float* old_s_ = nullptr;    // those of the iteration before
  float* w_ = nullptr;
  float* scaled_w_ = nullptr;  // w after rounding
  double* row_sums_ = nullptr;
  double* total_u_ = nullptr;
  double* columns_ = nullptr;
  double violation_ = 0;
  int iterations_ = 0;
  bool converged_ = false;
};

bool alone(const otf_sinkhorn_task& task, int count, int threads) {
  int64_t entries = int64_t{task.n} * task.m;
  return threads > 1 && (entries >= kHuge || (entries >= kLarge && count < 2 * threads));
}

otf_report solve(const Engine& engine, Pool* pool, const otf_sinkhorn_task& task, Scratch& scratch) {
  return std::isinf(task.tau) ? sinkhorn_balanced(engine.kernels, pool, task, scratch)
                              : sinkhorn_unbalanced(engine.kernels, pool, task, scratch);
}

void check(const otf_sinkhorn_task& task, int problem) {
  check_masses('a', task.a, task.n, problem);
  check_masses('b', task.b, task.m, problem);
  if (!task.warm_start) return;
  check_potentials('f', task.f, task.n, problem);
  check_potentials('g', task.g, task.m, problem);
}

// Refuses what only the iterations could tell.
void check(const otf_sinkhorn_task& task, const otf_report& report, int problem) {
  if (report.iterations == kRefused) refuse_cost(task.cost, task.n, task.m, problem);
  if (task.plan == nullptr || std::isfinite(report.cost + report.violation + report.gap)) return;
  throw OutOfRange("The coupling of problem " + std::to_string(problem) +
                   " leaves the range of numbers, expected masses that sum to 1 and a larger epsilon.");
}

}  // namespace

otf_report sinkhorn_balanced(const Kernels& kernels, Pool* pool, const otf_sinkhorn_task& task,
                             Scratch& scratch) {
  return Balanced(kernels, pool, task).solve(scratch);
}

void sinkhorn(Engine& engine, const otf_sinkhorn_task* tasks, otf_report* reports, int count) {
  for (int t = 0; t < count; t++) check(tasks[t], t);
  std::vector<int> small;
  for (int t = 0; t < count; t++) {
    if (alone(tasks[t], count, engine.pool.size())) {
      reports[t] = solve(engine, &engine.pool, tasks[t], engine.shared);
    } else {
      small.push_back(t);
    }
  }
  // The longest first, so that no thread starts one when the others have finished.
  std::stable_sort(small.begin(), small.end(), [&](int p, int q) {
    return int64_t{tasks[p].n} * tasks[p].m > int64_t{tasks[q].n} * tasks[q].m;
  });
  engine.pool.run(static_cast<int64_t>(small.size()), [&](int64_t index, int worker) {
    int t = small[index];
    reports[t] = solve(engine, nullptr, tasks[t], engine.scratch[worker]);
  });
  for (int t = 0; t < count; t++) check(tasks[t], reports[t], t);
}

}  // namespace otf
