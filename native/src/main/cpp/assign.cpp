// Linear assignment by the algorithm of Jonker and Volgenant (1987): column reduction, reduction
// transfer, two rounds of augmenting row reduction, then shortest augmenting paths (Crouse 2016 gives
// the last part in full). Costs are float, potentials double, so that reduced costs keep their sign.
//
// Where many rows are still free after the reductions, as with rows of very different lengths, paths
// would be many and long: a few annealed Sinkhorn iterations, which all threads share, then give column
// potentials to begin from, after which few rows or none are left.
#include <algorithm>
#include <cmath>
#include <vector>

#include "engine.h"
#include "numbers.h"

namespace otf {
namespace {

constexpr double kFar = 1e300;

// More free rows than this take longer than Sinkhorn does.
constexpr size_t kManyFree = 32;
constexpr double kEpsilon = 0.01;  // of the mean cost above the least
constexpr double kLeastSpread = 0.01;
constexpr double kAnnealing = 0.5;
constexpr double kTolerance = 1e-2;
constexpr int kIterations = 36;
// Potentials of an optimum differ by at most the length of a path: those to start from that differ by
// more than this many times the largest cost for each row would only take digits away.
constexpr double kFarthestStart = 4;

class Assignment {
 public:
  Assignment(const Kernels& kernels, const otf_assign_task& task)
      : k_(kernels), task_(task), n_(task.n), v_(n_), row_of_(n_, -1), column_of_(n_, -1) {}

  // Whether all costs are finite.
  bool measure() {
    largest_ = k_.largest_magnitude(task_.cost, static_cast<int64_t>(n_) * n_);
    return std::isfinite(largest_);
  }

  // The reductions; tells whether better potentials to start from would pay.
  bool reduce() {
    if (n_ == 0) return false;
    if (task_.g != nullptr) {
      restart(task_.g);
      return false;
    }
    reduce_columns();
    transfer_reductions();
    reduce_rows_twice();
    if (free_.size() <= kManyFree) return false;
    measure_epsilon();
    return epsilon_ > 0;
  }

  // Sinkhorn's epsilon, relative to the mean cost.
  double epsilon() const { return epsilon_; }

  // Begins again from column potentials.
  void restart(const float* g) {
    std::fill(row_of_.begin(), row_of_.end(), -1);
    std::fill(column_of_.begin(), column_of_.end(), -1);
    free_.clear();
    take(g);
    for (int i = 0; i < n_; i++) free_.push_back(i);
    reduce_rows_twice();
  }

  otf_report solve() {
    if (n_ == 0) return {0, 0, 0, 0, 1};
    int augmentations = static_cast<int>(free_.size());
    augment();
    return report(augmentations);
  }

 private:
  // Leaves 0 where costs have no scale that an epsilon would fit.
  void measure_epsilon() {
    double mean = 0;
    for (int i = 0; i < n_; i++) mean += k_.total(row(i), n_);
    mean /= static_cast<double>(n_) * n_;
    const bool spread = least_ >= 0 && mean - least_ > kLeastSpread * mean;
    epsilon_ = spread ? kEpsilon * (mean - least_) / mean : 0;
  }

  void take(const float* g) {
    double reach = kFarthestStart * n_ * largest_;
    double highest = -kFar;
    bool near = true;
    for (int j = 0; j < n_; j++) {
      v_[j] = std::isfinite(g[j]) ? g[j] : 0;
      highest = std::max(highest, v_[j]);
      near &= std::abs(v_[j]) <= reach;
    }
    for (int j = 0; j < n_ && !near; j++) v_[j] = std::max(v_[j] - highest, -reach);
  }

  TwoSmallest two_smallest(int i) const {
    TwoSmallest two = k_.two_smallest(row(i), v_.data(), n_);
    if (two.second_index < 0) throw Impossible("assign: a row has fewer than two columns");
    return two;
  }

  const float* row(int i) const { return task_.cost + static_cast<ptrdiff_t>(i) * n_; }

  void match(int i, int j) {
    column_of_[i] = j;
    row_of_[j] = i;
  }

  // Each column's potential is its smallest cost; the rows found so take one column each.
  void reduce_columns() {
    std::vector<double> at(n_);
    std::fill(v_.begin(), v_.end(), kFar);
    for (int i = 0; i < n_; i++) k_.column_minima(row(i), 0, n_, i, v_.data(), at.data());
    least_ = *std::min_element(v_.begin(), v_.end());
    matches_.assign(n_, 0);
    for (int j = n_ - 1; j >= 0; j--) {
      int i = static_cast<int>(at[j]);
      if (++matches_[i] == 1) match(i, j);
    }
  }

  // A row that is the smallest in one column only hands on what it can do without.
  void transfer_reductions() {
    for (int i = 0; i < n_; i++) {
      if (matches_[i] == 0) {
        free_.push_back(i);
      } else if (matches_[i] == 1 && n_ > 1) {
        int j = column_of_[i];
        TwoSmallest two = two_smallest(i);
        double other = two.index == j ? two.second : two.first;
        v_[j] -= other - (row(i)[j] - v_[j]);
      }
    }
  }

  void reduce_rows_twice() {
    for (int round = 0; round < 2 && !free_.empty(); round++) reduce_rows();
  }

  // Free rows take their best column and push out its row, which goes on at once while that lowers
  // a potential. Equal values do not, so this ends; a cap keeps rounding from making it long.
  void reduce_rows() {
    std::vector<int> pending;
    pending.swap(free_);
    size_t next = 0;
    int64_t budget = int64_t{4} * n_ + 16;
    while (next < pending.size()) {
      int i = pending[next++];
      if (n_ == 1 || budget-- <= 0) {
        free_.push_back(i);
        continue;
      }
      TwoSmallest two = two_smallest(i);
      int j = two.index;
      int displaced = row_of_[j];
      double lowered = v_[j] - (two.second - two.first);
      bool strict = lowered < v_[j];
      if (strict) {
        v_[j] = lowered;
      } else if (displaced >= 0) {
        j = two.second_index;
        displaced = row_of_[j];
      }
      match(i, j);
      if (displaced < 0) continue;
      column_of_[displaced] = -1;
      if (strict) {
        pending[--next] = displaced;
      } else {
        free_.push_back(displaced);
      }
    }
  }

  // Shortest augmenting paths from the rows that are still free.
  void augment() {
    std::vector<double> open(n_);      // v of open columns
    std::vector<double> distance(n_);  // of open columns
    std::vector<double> from(n_);
    std::vector<int> closed;
    std::vector<double> closed_at;
    for (int start : free_) {
      std::copy(v_.begin(), v_.end(), open.begin());
      std::fill(distance.begin(), distance.end(), kFar);
      closed.clear();
      closed_at.clear();
      int i = start;
      double base = 0;
      int32_t j = -1;
      double reached = 0;
      while (true) {
        reached = k_.relax(row(i), open.data(), base, n_, i, distance.data(), from.data(), &j);
        // A column is closed once only, so that this ends after n of them.
        if (j < 0 || closed.size() >= row_of_.size()) throw Impossible("assign: no path is found");
        if (row_of_[j] < 0) break;
        closed.push_back(j);
        closed_at.push_back(reached);
        open[j] = -kFar;
        distance[j] = kFar;
        i = row_of_[j];
        base = reached - (row(i)[j] - v_[j]);
      }
      for (size_t c = 0; c < closed.size(); c++) v_[closed[c]] -= reached - closed_at[c];
      // Back along the path, which has one closed column for each of its rows but the first.
      for (size_t left = closed.size();; left--) {
        i = static_cast<int>(from[j]);
        int next = column_of_[i];
        match(i, j);
        if (i == start) break;
        if (left == 0) throw Impossible("assign: a path does not lead back");
        j = next;
      }
    }
  }

  // The dual objective with u_i = min_j (C_ij - v_j) bounds the cost from below.
  otf_report report(int augmentations) {
    double cost = 0;
    double dual = 0;
    for (int i = 0; i < n_; i++) {
      int32_t j = 0;
      dual += k_.smallest(row(i), v_.data(), n_, &j);
      cost += row(i)[column_of_[i]];
    }
    for (int j = 0; j < n_; j++) {
      dual += v_[j];
      task_.source[j] = row_of_[j];
    }
    return {cost / n_, 0, (cost - dual) / n_, augmentations, 1};
  }

  const Kernels& k_;
  const otf_assign_task& task_;
  int n_;
  double least_ = 0;    // cost
  double largest_ = 0;  // |cost|
  double epsilon_ = 0;
  std::vector<double> v_;
  std::vector<int> row_of_;
  std::vector<int> column_of_;
  std::vector<int> matches_;
  std::vector<int> free_;
};

// Starts the given problems again from Sinkhorn's column potentials.
void restart(Engine& engine, const otf_assign_task* tasks, const std::vector<int>& hard,
             std::vector<Assignment>& problems) {
  size_t total = 0;
  for (int t : hard) total += static_cast<size_t>(tasks[t].n);
  std::vector<float> f(total);
  std::vector<float> g(total);
  std::vector<std::vector<float>> marginals;
  std::vector<otf_sinkhorn_task> starts;
  size_t first = 0;
  for (int t : hard) {
    int n = tasks[t].n;
    const float* mass = marginals.emplace_back(n, 1.0f / static_cast<float>(n)).data();
    starts.push_back({tasks[t].cost, mass, mass, nullptr, &f[first], &g[first], n, n,
                      problems[static_cast<size_t>(t)].epsilon(), kTolerance, INFINITY, kAnnealing, kIterations, 0});
    first += static_cast<size_t>(n);
  }
  std::vector<otf_report> reports(hard.size());
  sinkhorn(engine, starts.data(), reports.data(), static_cast<int>(starts.size()));
  engine.pool.run(static_cast<int64_t>(hard.size()), [&](int64_t index, int) {
    problems[static_cast<size_t>(hard[index])].restart(starts[index].g);
  });
}

}  // namespace

void assign(Engine& engine, const otf_assign_task* tasks, otf_report* reports, int count) {
  for (int t = 0; t < count; t++) {
    if (tasks[t].g != nullptr) check_potentials('g', tasks[t].g, tasks[t].n, t);
  }
  std::vector<Assignment> problems;
  problems.reserve(count);
  for (int t = 0; t < count; t++) problems.emplace_back(engine.kernels, tasks[t]);
  std::vector<char> finite(count);
  std::vector<char> many(count);
  engine.pool.run(count, [&](int64_t t, int) {
    finite[t] = problems[t].measure();
    many[t] = finite[t] && problems[t].reduce();
  });
  std::vector<int> hard;
  for (int t = 0; t < count; t++) {
    if (!finite[t]) refuse_cost(tasks[t].cost, tasks[t].n, tasks[t].n, t);
    if (many[t]) hard.push_back(t);
  }
  if (!hard.empty()) restart(engine, tasks, hard, problems);
  engine.pool.run(count, [&](int64_t t, int) { reports[t] = problems[t].solve(); });
}

}  // namespace otf
