// Marginals by importance against norms in double.
#include <memory>

#include "batch.h"
#include "outputs.h"

using check::Batch;
using check::Device;
using check::Floats;

namespace {

// A producer's weights [outer,rows,inner].
struct Shape {
  int outer;
  int rows;
  int inner;
  int first_row;
};

struct Problem {
  int n;
  int norm;
  std::vector<Shape> shapes;
  std::vector<Floats> weights;
};

std::vector<double> reference(const Problem& p) {
  std::vector<double> norms(p.n);
  for (size_t b = 0; b < p.shapes.size(); b++) {
    const Shape& s = p.shapes[b];
    for (int o = 0; o < s.outer; o++) {
      for (int i = 0; i < p.n; i++) {
        for (int q = 0; q < s.inner; q++) {
          const double v = p.weights[b][(o * s.rows + s.first_row + i) * s.inner + q];
          norms[i] += p.norm == OTC_L1 ? std::abs(v) : v * v;
        }
      }
    }
  }
  double total = 0;
  for (double& norm : norms) {
    if (p.norm == OTC_L2) norm = std::sqrt(norm);
    total += norm;
  }
  for (double& norm : norms) {
    norm = total == 0 ? 1.0 / p.n : (norm / total + 1e-9) / (1 + p.n * 1e-9);
  }
  return norms;
}

// The masses of all problems, one after the other, computed as one batch; all of that several
// times.
Floats masses(const std::vector<Problem>& problems, int repeat = 1) {
  std::vector<size_t> lengths;
  for (int r = 0; r < repeat; r++) {
    for (const Problem& p : problems) lengths.push_back(static_cast<size_t>(p.n));
  }
  const check::Outputs<float> out(lengths);
  std::vector<std::unique_ptr<Device<float>>> weights;
  std::vector<std::unique_ptr<Device<otc_producer>>> producers;
  std::vector<otc_importance_task> tasks;
  for (const Problem& p : problems) {
    std::vector<otc_producer> list;
    for (size_t b = 0; b < p.shapes.size(); b++) {
      const Shape& s = p.shapes[b];
      weights.push_back(std::make_unique<Device<float>>(p.weights[b]));
      list.push_back({*weights.back(), s.outer, s.inner, s.rows, s.first_row});
    }
    producers.push_back(std::make_unique<Device<otc_producer>>(list));
  }
  for (int r = 0; r < repeat; r++) {
    for (size_t p = 0; p < problems.size(); p++) {
      tasks.push_back({*producers[p], out[tasks.size()],
                       static_cast<int32_t>(problems[p].shapes.size()), problems[p].n,
                       problems[p].norm, 0, 0});
    }
  }
  Batch<otc_importance_task> batch(tasks, otc_importance_prepare);
  CHECK(otc_importance(batch.device, &batch.launch, batch.workspace, nullptr) == 0);
  const Floats result = out.read();
  out.poison();
  CHECK(otc_importance(batch.device, &batch.launch, batch.workspace, nullptr) == 0);
  CHECK(check::same(out.read(), result));
  return result;
}

std::vector<Problem> problems() {
  std::mt19937 random(1);
  std::vector<Problem> all;
  for (int n : {1, 31, 32, 33, 63, 64, 65, 129, 300}) {
    for (int norm : {OTC_L1, OTC_L2}) {
      Problem p{n, norm, {{1, n, 40, 0}, {9, n + 5, 1, 2}, {3, n, 33, 0}, {17, n + 1, 9, 1}}, {}};
      for (const Shape& s : p.shapes) {
        p.weights.push_back(check::uniform(random, s.outer * s.rows * s.inner, -1, 1));
      }
      all.push_back(p);
    }
  }
  all.push_back({5, OTC_L1, {{1, 5, 3, 0}}, {Floats(15, 0.0f)}});
  all.push_back({4, OTC_L2, {}, {}});
  all.push_back({0, OTC_L2, {}, {}});
  return all;
}

TEST(masses_are_shares_of_the_norms_of_raw_weights) {
  const auto all = problems();
  const Floats result = check::same_bits("importance", [&] { return masses(all); });
  size_t first = 0;
  for (const Problem& p : all) {
    const auto expected = reference(p);
    for (int i = 0; i < p.n; i++) CHECK_NEAR(result[first + i], expected[i], 3e-7 * expected[i]);
    const Floats alone = masses({p});
    CHECK(check::same(alone, Floats(result.begin() + first, result.begin() + first + p.n)));
    first += p.n;
  }
}

TEST(blocks_that_take_several_groups_sum_each_anew) {
  std::mt19937 random(2);
  std::vector<Problem> some;
  for (int t = 0; t < 9; t++) {
    Problem p{1 + t % 3, OTC_L1 + t % 2, {{1, 3, 35 - t % 2 * 33, 0}}, {}};
    p.weights.push_back(check::uniform(random, 3 * p.shapes[0].inner, -1, 1));
    some.push_back(p);
  }
  const Floats once = masses(some);
  for (uint64_t seed : {0, 1, 3}) {
    ote_seed(seed);
    CHECK(check::repeats(masses(some, check::crowd(some.size())), once));
  }
}

TEST(bad_importance_tasks_are_refused) {
  otc_launch launch;
  const Device<float> mass(1);
  const Device<otc_producer> producers(1);
  otc_importance_task task{producers, mass, 0, -1, OTC_L1, 0, 0};
  CHECK(otc_importance_prepare(&task, 1, &launch) == 1);
  task = {producers, mass, -1, 1, OTC_L1, 0, 0};
  CHECK(otc_importance_prepare(&task, 1, &launch) == 1);
  task = {producers, mass, 1, 1, 0, 0, 0};
  CHECK(otc_importance_prepare(&task, 1, &launch) == 1);
}

}  // namespace
