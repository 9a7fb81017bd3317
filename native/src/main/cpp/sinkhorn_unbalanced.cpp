// Unbalanced Sinkhorn (Chizat et al. 2018): f = lambda eps (log a - log sum_j exp((g_j - C_ij)/eps))
// with lambda = tau / (tau + eps), and likewise g. Mass may vanish here, so nothing bounds the scalings
// that the balanced solver works with: both passes stay in the log domain.
#include "sinkhorn.h"

namespace otf {
namespace {

class Unbalanced : SinkhornProblem {
 public:
  using SinkhornProblem::SinkhornProblem;

  otf_report solve(Scratch& scratch) {
    if (!is_finite()) return refused();
    if (is_zero()) return product();
    scratch.reserve(Scratch::rounded<double>(n_) + Scratch::rounded<double>(width_) +
                    Scratch::rounded<float>(static_cast<size_t>(blocks_) * width_));
    u_ = scratch.take<double>(n_);
    v_ = scratch.take<double>(width_);
    rows_ = scratch.take<float>(static_cast<size_t>(blocks_) * width_);
    std::fill_n(v_, width_, 0.0);
    for (int i = 0; i < n_; i++) u_[i] = task_.warm_start ? task_.f[i] * unit_ : 0;
    for (int j = 0; j < m_; j++) v_[j] = task_.warm_start ? task_.g[j] * unit_ : 0;
    int iterations = 0;
    bool converged = false;
    while (!converged && iterations < task_.max_iterations) {
      iterations++;
      anneal(iterations);
      double change = row_pass();
      change = std::max(change, column_pass());
      converged = settled(iterations) && change * kLn2 <= task_.tolerance;
    }
    return finish(iterations, converged);
  }

 private:
  // Takes the potentials to an iteration's epsilon.
  void anneal(int iteration) {
    double factor = set_epsilon(epsilon_at(iteration));
    lambda_ = task_.tau / (task_.tau + eps_);
    for (int i = 0; i < n_; i++) u_[i] *= factor;
    for (int j = 0; j < m_; j++) v_[j] *= factor;
  }

  // Both return the largest change of a potential, in powers of 2.
  double row_pass() {
    each_block([&](int b, int first, int last) {
      float* row = rows_ + static_cast<ptrdiff_t>(b) * width_;
      double change = 0;
      for (int i = first; i < last; i++) {
        double top = k_.largest_exponent(cost_row(i), unit_, v_, m_);
        double sum = k_.exponentials(cost_row(i), unit_, -top, v_, m_, row);
        change = std::max(change, update(u_[i], task_.a[i], top + std::log2(sum)));
      }
      partial_[b] = change;
    });
    return *std::max_element(partial_.begin(), partial_.end());
  }

  double column_pass() {
    std::vector<double> changes((m_ + k_.width - 1) / k_.width);
    each(static_cast<int64_t>(changes.size()), [&](int strip) {
      int first = strip * k_.width;
      int count = std::min(k_.width, m_ - first);
      double logs[64];
      k_.column_log_sums(task_.cost + first, m_, n_, count, unit_, u_, logs);
      double change = 0;
      for (int j = 0; j < count; j++) {
        change = std::max(change, update(v_[first + j], task_.b[first + j], logs[j]));
      }
      changes[strip] = change;
    });
    return *std::max_element(changes.begin(), changes.end());
  }

  double update(double& potential, double mass, double log_sum) const {
    double before = potential;
    potential = lambda_ * (std::log2(mass) - log_sum);
    return std::abs(potential - before);
  }

  // With eps log P = f + g - C the primal objective is sum f P1 + sum g P'1 - eps |P| plus penalties;
  // each marginal's part of the gap is one of Fenchel's inequalities.
  otf_report finish(int iterations, bool converged) {
    std::vector<double> sums(n_);
    std::vector<double> columns(m_);
    double cost = sum_rows([&](int i) {
      float* row = rows_ + static_cast<ptrdiff_t>(i / kRowBlock) * width_;
      sums[i] = k_.exponentials(cost_row(i), unit_, u_[i], v_, m_, row);
      std::copy_n(row, m_, plan_row(i));
      double total = 0;
      for (int j = 0; j < m_; j++) total += static_cast<double>(row[j]) * cost_row(i)[j];
      return total;
    });
    for (int i = 0; i < n_; i++) {
      for (int j = 0; j < m_; j++) columns[j] += plan_row(i)[j];
    }
    double violation = 0;
    double gap = 0;
    for (int i = 0; i < n_; i++) {
      violation += std::abs(sums[i] - task_.a[i]);
      gap += gap_of(u_[i] / unit_, sums[i], task_.a[i]);
      task_.f[i] = potential(u_[i]);
    }
    for (int j = 0; j < m_; j++) {
      gap += gap_of(v_[j] / unit_, columns[j], task_.b[j]);
      task_.g[j] = potential(v_[j]);
    }
    return {cost, violation, gap, iterations, converged};
  }

  double gap_of(double potential, double mass, double wanted) const {
    double divergence = (mass > 0 ? mass * std::log(mass / wanted) : 0) - mass + wanted;
    return potential * mass + task_.tau * divergence +
           task_.tau * wanted * std::expm1(-potential / task_.tau);
  }

  double lambda_ = 1;
  double* u_ = nullptr;
  double* v_ = nullptr;
  float* rows_ = nullptr;  // one row's exponentials for each block
};

}  // namespace

otf_report sinkhorn_unbalanced(const Kernels& kernels, Pool* pool, const otf_sinkhorn_task& task,
                               Scratch& scratch) {
  return Unbalanced(kernels, pool, task).solve(scratch);
}

}  // namespace otf
