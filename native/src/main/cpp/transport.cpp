// Exact transport by the network simplex on the bipartite graph (Bonneel et al. 2011 treat the same
// problem; Ahuja, Magnanti and Orlin 1993, chapter 11, give the method).
//
// Marginals become integers of 2^-q of the mass each. Every node but the root then supplies one grain
// more, a grain being far less than such a unit: no flow of any tree is 0 then, so that every pivot
// lowers the cost and none can be repeated. Rounding the flows to units takes the grains out again and
// leaves the exact vertex. Potentials are computed down the tree, never accumulated.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "engine.h"
#include "numbers.h"

namespace otf {
namespace {

constexpr double kFar = 1e300;
// Reduced costs above minus this share of what went into them count as 0.
constexpr double kSlack = 1e-12;
// No pivot is repeated but for rounding; this many are never needed.
constexpr int64_t kPivots = 1000000;
constexpr int64_t kPivotsOfNode = 2000;
constexpr int kRefused = -1;  // iterations of a problem whose costs are not all finite

class Simplex {
 public:
  Simplex(const Kernels& kernels, const otf_transport_task& task)
      : k_(kernels),
        task_(task),
        n_(task.n),
        m_(task.m),
        nodes_(n_ + m_),
        v_(m_),
        u_(n_),
        parent_(nodes_, -1),
        first_child_(nodes_, -1),
        next_(nodes_, -1),
        previous_(nodes_, -1),
        depth_(nodes_),
        flow_(nodes_),
        arc_cost_(nodes_),
        size_(nodes_) {}

  otf_report solve() {
    if (!std::isfinite(k_.largest_magnitude(task_.cost, static_cast<int64_t>(n_) * m_))) {
      return {0, 0, 0, kRefused, 0};
    }
    quantise();
    start();
    const int64_t most = kPivots + kPivotsOfNode * nodes_;
    int64_t pivots = 0;
    int row = 0;
    int column = 0;
    while (price(row, column)) {
      if (pivots++ == most) throw Impossible("transport: pivots do not come to an end");
      pivot(row, column);
    }
    return finish(static_cast<int>(std::min<int64_t>(pivots, std::numeric_limits<int>::max())));
  }

 private:
  const float* cost_row(int i) const { return task_.cost + static_cast<int64_t>(i) * m_; }
  bool is_row(int node) const { return node < n_; }

  void quantise() {
    int grain_bits = 1;
    while ((int64_t{1} << grain_bits) <= 2 * int64_t{nodes_}) grain_bits++;
    grain_ = int64_t{1} << grain_bits;
    scale_ = std::ldexp(1.0, 60 - grain_bits);
    rows_ = units(task_.a, n_);
    columns_ = units(task_.b, m_);
    int64_t excess = 0;
    for (int64_t unit : rows_) excess += unit;
    for (int64_t unit : columns_) excess -= unit;
    // Float marginals do not sum to 1 exactly: the heaviest entries take up the difference.
    *std::max_element(columns_.begin(), columns_.end()) += std::max<int64_t>(excess, 0);
    *std::max_element(rows_.begin(), rows_.end()) += std::max<int64_t>(-excess, 0);
  }

  std::vector<int64_t> units(const float* marginal, int size) const {
    double total = 0;
    for (int i = 0; i < size; i++) total += marginal[i];
    std::vector<int64_t> result(size);
    for (int i = 0; i < size; i++) {
      result[i] = std::max<int64_t>(1, std::llround(marginal[i] / total * scale_));
    }
    return result;
  }

  // Rows fill up the cheapest columns that are still open. With the grains exactly one side of an
  // allocation is used up each time, so the arcs form a spanning tree.
  void start() {
    std::vector<double> at(m_);
    std::vector<double> open(m_, kFar);
    for (int i = 0; i < n_; i++) k_.column_minima(cost_row(i), 0, m_, i, open.data(), at.data());
    for (int j = 0; task_.g != nullptr && j < m_; j++) open[j] = task_.g[j];
    std::vector<int64_t> demand(m_);
    for (int j = 0; j < m_; j++) demand[j] = columns_[j] * grain_ - 1;
    demand[m_ - 1] += nodes_;
    struct Arc {
      int row;
      int column;
      int64_t flow;
    };
    std::vector<Arc> arcs;
    for (int i = 0; i < n_; i++) {
      int64_t supply = rows_[i] * grain_ + 1;
      while (supply > 0) {
        int32_t j = 0;
        k_.smallest(cost_row(i), open.data(), m_, &j);
        int64_t flow = std::min(supply, demand[j]);
        if (flow <= 0) throw Impossible("transport: a row finds no open column");
        arcs.push_back({i, j, flow});
        supply -= flow;
        demand[j] -= flow;
        if (demand[j] == 0) open[j] = -kFar;
      }
    }
    std::vector<std::vector<int>> touching(nodes_);
    for (size_t a = 0; a < arcs.size(); a++) {
      touching[arcs[a].row].push_back(static_cast<int>(a));
      touching[n_ + arcs[a].column].push_back(static_cast<int>(a));
    }
    root_ = nodes_ - 1;
    stack_.assign(1, root_);
    size_t linked = 1;
    while (!stack_.empty()) {
      int node = stack_.back();
      stack_.pop_back();
      for (int a : touching[node]) {
        int other = is_row(node) ? n_ + arcs[a].column : arcs[a].row;
        if (other == parent_[node]) continue;
        if (linked++ == touching.size()) throw Impossible("transport: the start is no tree");
        link(other, node, arcs[a].flow, cost_row(arcs[a].row)[arcs[a].column]);
        stack_.push_back(other);
      }
    }
    if (linked != touching.size()) throw Impossible("transport: the start leaves nodes out");
    v_[m_ - 1] = 0;
    refresh(root_);
  }

  void link(int node, int parent, int64_t flow, double cost) {
    parent_[node] = parent;
    flow_[node] = flow;
    arc_cost_[node] = cost;
    previous_[node] = -1;
    next_[node] = first_child_[parent];
    if (next_[node] >= 0) previous_[next_[node]] = node;
    first_child_[parent] = node;
  }

  void unlink(int node) {
    if (previous_[node] >= 0) {
      next_[previous_[node]] = next_[node];
    } else {
      first_child_[parent_[node]] = next_[node];
    }
    if (next_[node] >= 0) previous_[next_[node]] = previous_[node];
  }

  double& potential(int node) { return is_row(node) ? u_[node] : v_[node - n_]; }

  // Depths and potentials of a subtree; its top node has a parent or is the root.
  void refresh(int top) {
    stack_.assign(1, top);
    while (!stack_.empty()) {
      int node = stack_.back();
      stack_.pop_back();
      if (node != root_) {
        depth_[node] = depth_[parent_[node]] + 1;
        potential(node) = arc_cost_[node] - potential(parent_[node]);
        size_[node] = std::max(size_[parent_[node]], std::abs(potential(node)));
      }
      for (int child = first_child_[node]; child >= 0; child = next_[child]) stack_.push_back(child);
    }
  }

  // Finds the arc of the smallest reduced cost among the next rows; false if all are optimal.
  bool price(int& row, int& column) {
    int at_once = std::max(1, static_cast<int>(std::sqrt(static_cast<double>(n_)) / 2));
    double best = 0;
    for (int scanned = 1; scanned <= n_; scanned++) {
      next_row_ = next_row_ + 1 < n_ ? next_row_ + 1 : 0;
      int32_t j = 0;
      double reduced = k_.smallest(cost_row(next_row_), v_.data(), m_, &j) - u_[next_row_];
      if (reduced < best && reduced < -slack(next_row_, j)) {
        best = reduced;
        row = next_row_;
        column = j;
      }
      if (scanned % at_once == 0 && best < 0) return true;
    }
    return best < 0;
  }

  // What rounding may have added to an arc's reduced cost.
  double slack(int i, int j) const {
    return kSlack * std::max({size_[i], size_[n_ + j], std::abs(double{cost_row(i)[j]})});
  }

  // Sends flow around the cycle that the arc closes. On the row's way up to the meeting point the
  // arcs above rows lose flow, on the column's way those above columns.
  void pivot(int row, int column) {
    int p = row;
    int q = n_ + column;
    int leaving = -1;
    bool row_side = false;
    int64_t least = std::numeric_limits<int64_t>::max();
    while (p != q) {
      bool up_row = depth_[p] >= depth_[q];
      int& node = up_row ? p : q;
      if (is_row(node) == up_row && flow_[node] < least) {
        least = flow_[node];
        leaving = node;
        row_side = up_row;
      }
      node = parent_[node];
    }
    for (int node = row; node != p; node = parent_[node]) flow_[node] += is_row(node) ? -least : least;
    for (int node = n_ + column; node != p; node = parent_[node]) {
      flow_[node] += is_row(node) ? least : -least;
    }
    int node = row_side ? row : n_ + column;
    int other = row_side ? n_ + column : row;
    if (leaving < 0) throw Impossible("transport: no arc leaves the tree");
    hang(node, other, leaving, least, cost_row(row)[column]);
  }

  // Turns the path from node up to `last` around and hangs it below `parent`.
  void hang(int node, int parent, int last, int64_t flow, double cost) {
    int top = node;
    while (true) {
      int up = parent_[node];
      int64_t up_flow = flow_[node];
      double up_cost = arc_cost_[node];
      unlink(node);
      link(node, parent, flow, cost);
      if (node == last) break;
      parent = node;
      flow = up_flow;
      cost = up_cost;
      node = up;
    }
    refresh(top);
  }

  otf_report finish(int pivots) {
    std::fill_n(task_.plan, static_cast<int64_t>(n_) * m_, 0.0f);
    double cost = 0;
    for (int node = 0; node < nodes_; node++) {
      if (node == root_) continue;
      int i = is_row(node) ? node : parent_[node];
      int j = (is_row(node) ? parent_[node] : node) - n_;
      double mass = static_cast<double>((flow_[node] + grain_ / 2) / grain_) / scale_;
      task_.plan[static_cast<int64_t>(i) * m_ + j] = static_cast<float>(mass);
      cost += mass * cost_row(i)[j];
    }
    double dual = 0;
    for (int i = 0; i < n_; i++) {
      int32_t j = 0;
      dual += static_cast<double>(rows_[i]) / scale_ * k_.smallest(cost_row(i), v_.data(), m_, &j);
    }
    for (int j = 0; j < m_; j++) dual += static_cast<double>(columns_[j]) / scale_ * v_[j];
    return {cost, 0, cost - dual, pivots, 1};
  }

  const Kernels& k_;
  const otf_transport_task& task_;
  int n_;
  int m_;
  int nodes_;  // rows, then columns; the last column is the root
  int root_ = 0;
  int next_row_ = -1;
  int64_t grain_ = 1;  // grains in a unit
  double scale_ = 1;   // units in the whole mass
  std::vector<int64_t> rows_;
  std::vector<int64_t> columns_;
  std::vector<double> v_;
  std::vector<double> u_;
  std::vector<int> parent_;
  std::vector<int> first_child_;
  std::vector<int> next_;
  std::vector<int> previous_;
  std::vector<int> depth_;
  std::vector<int64_t> flow_;     // on the arc to the parent, in grains
  std::vector<double> arc_cost_;  // of that arc
  std::vector<double> size_;      // the largest |potential| on the way to the root
  std::vector<int> stack_;
};

}  // namespace

void transport(Engine& engine, const otf_transport_task* tasks, otf_report* reports, int count) {
  for (int t = 0; t < count; t++) {
    check_masses('a', tasks[t].a, tasks[t].n, t);
    check_masses('b', tasks[t].b, tasks[t].m, t);
    if (tasks[t].g != nullptr) check_potentials('g', tasks[t].g, tasks[t].m, t);
  }
  engine.pool.run(count, [&](int64_t t, int) {
    reports[t] = Simplex(engine.kernels, tasks[t]).solve();
  });
  for (int t = 0; t < count; t++) {
    if (reports[t].iterations == kRefused) refuse_cost(tasks[t].cost, tasks[t].n, tasks[t].m, t);
  }
}

}  // namespace otf
