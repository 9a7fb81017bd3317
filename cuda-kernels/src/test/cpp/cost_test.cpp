// Pairwise costs against differences in double; what cuBLAS does in between is a plain loop here.
#include <algorithm>
#include <array>
#include <memory>

#include "batch.h"
#include "outputs.h"

using check::Batch;
using check::Device;
using check::Floats;

namespace {

struct Problem {
  int n;
  int m;
  int d;
  int metric;
  Floats x;
  Floats y;
};

double reference(const float* x, const float* y, int d, int metric) {
  double squared = 0, xx = 0, yy = 0, xy = 0;
  for (int k = 0; k < d; k++) {
    const double difference = double{x[k]} - y[k];
    squared += difference * difference;
    xx += double{x[k]} * x[k];
    yy += double{y[k]} * y[k];
    xy += double{x[k]} * y[k];
  }
  if (metric == OTC_COSINE) return xx == 0 || yy == 0 ? 1 : 1 - xy / std::sqrt(xx * yy);
  return metric == OTC_EUCLIDEAN ? std::sqrt(squared) : squared;
}

void compare(const Problem& p, const float* cost, double relative, double absolute) {
  for (int i = 0; i < p.n; i++) {
    for (int j = 0; j < p.m; j++) {
      const double expected =
          reference(p.x.data() + size_t(i) * p.d, p.y.data() + size_t(j) * p.d, p.d, p.metric);
      CHECK_NEAR(cost[size_t(i) * p.m + j], expected, relative * expected + absolute);
    }
  }
}

// cost = x_rows y_rows', [n,m].
void multiply(const otc_cost_task& task, const char* workspace) {
  const float* x = reinterpret_cast<const float*>(workspace + task.x_rows);
  const float* y = reinterpret_cast<const float*>(workspace + task.y_rows);
  for (int i = 0; i < task.n; i++) {
    for (int j = 0; j < task.m; j++) {
      float sum = 0;
      for (int k = 0; k < task.d; k++)
        sum += x[int64_t{i} * task.d + k] * y[int64_t{j} * task.d + k];
      task.cost[int64_t{i} * task.m + j] = sum;
    }
  }
}

Floats run(const Batch<otc_cost_task>& batch, const check::Outputs<float>& out) {
  CHECK(otc_cost_direct(batch.device, &batch.launch, nullptr) == 0);
  CHECK(otc_cost_center(batch.device, &batch.launch, batch.workspace, nullptr) == 0);
  CHECK(ote_stream_synchronize(nullptr) == 0);
  for (const auto& task : batch.tasks) {
    if (!task.direct) multiply(task, batch.workspace);
  }
  CHECK(otc_cost_finish(batch.device, &batch.launch, batch.workspace, nullptr) == 0);
  return out.read();
}

// The cost matrices one after the other; all of that several times, and then launched again.
Floats costs(const std::vector<Problem>& problems, int shift = 0, int repeat = 1) {
  std::vector<std::unique_ptr<Device<float>>> kept;
  std::vector<otc_cost_task> tasks;
  const auto upload = [&](const Floats& values) {
    Floats padded(static_cast<size_t>(shift), std::nanf(""));
    padded.insert(padded.end(), values.begin(), values.end());
    kept.push_back(std::make_unique<Device<float>>(padded));
    return *kept.back() + shift;
  };
  for (const Problem& p : problems) {
    otc_cost_task task{};
    task.x = upload(p.x);
    task.y = upload(p.y);
    task.n = p.n;
    task.m = p.m;
    task.d = p.d;
    task.metric = p.metric;
    tasks.push_back(task);
  }
  std::vector<size_t> lengths;
  for (int r = 0; r < repeat; r++) {
    for (size_t p = 0; p < problems.size(); p++) {
      if (r > 0) tasks.push_back(tasks[p]);
      lengths.push_back(size_t(problems[p].n) * problems[p].m);
    }
  }
  const check::Outputs<float> out(lengths);
  for (size_t t = 0; t < tasks.size(); t++) tasks[t].cost = out[t];
  Batch<otc_cost_task> batch(tasks, otc_cost_prepare);
  const Floats result = run(batch, out);
  if (repeat > 1) {
    out.poison();
    CHECK(check::same(run(batch, out), result));
  }
  return result;
}

Problem random_problem(std::mt19937& random, int n, int m, int d, int metric, float low = -1,
                       float high = 1) {
  return {n,
          m,
          d,
          metric,
          check::uniform(random, int64_t{n} * d, low, high),
          check::uniform(random, int64_t{m} * d, low, high)};
}

void compare_all(const std::vector<Problem>& problems, const Floats& result, double relative,
                 double absolute) {
  size_t first = 0;
  for (const Problem& p : problems) {
    compare(p, result.data() + first, relative, absolute);
    first += size_t(p.n) * p.m;
  }
}

TEST(costs_agree_with_differences_around_every_tile_and_warp) {
  std::mt19937 random(1);
  std::vector<Problem> problems;
  int metric = 0;
  for (int n : {1, 2, 31, 32, 33, 63, 64, 65, 127, 128, 129}) {
    for (int d : {0, 1, 31, 63, 64, 65, 67, 97}) {
      const int m = 1 + static_cast<int>(random() % 140);
      problems.push_back(random_problem(random, n, m, d, metric++ % 3));
      if (d > 64) problems.push_back(random_problem(random, n, 260 - m, d, metric++ % 3));
    }
  }
  for (auto [n, m] : {std::pair{0, 5}, {5, 0}, {0, 0}})
    problems.push_back(random_problem(random, n, m, 70, 0));
  const Floats result = check::same_bits("cost", [&] { return costs(problems); });
  compare_all(problems, result, 2e-6, 3e-7);
  CHECK(check::same(costs(problems, 1), result));
  size_t first = 0;
  for (const Problem& p : problems) {
    const size_t size = size_t(p.n) * p.m;
    CHECK(check::same(costs({p}), Floats(result.begin() + first, result.begin() + first + size)));
    first += size;
  }
}

TEST(blocks_that_take_several_tiles_load_each_anew) {
  std::mt19937 random(8);
  std::vector<Problem> some;  // one tile each
  for (int t = 0; t < 9; t++) {
    some.push_back(random_problem(random, 1 + t % 2, 1 + t % 3, 1 + t % 5, t % 3));
  }
  std::vector<Problem> long_ones;  // many tiles of means
  for (int t = 0; t < 3; t++) long_ones.push_back(random_problem(random, 1, 1 + t, 4500, t % 2));
  const Floats once = costs(some);
  const Floats long_once = costs(long_ones);
  for (uint64_t seed : {1, 3}) {
    ote_seed(seed);
    CHECK(check::repeats(costs(some, 0, check::crowd(some.size())), once));
  }
  CHECK(check::repeats(costs(long_ones, 0, 10), long_once));
}

TEST(costs_of_long_features_agree) {
  std::mt19937 random(2);
  std::vector<Problem> problems;
  for (int metric : {OTC_EUCLIDEAN, OTC_SQEUCLIDEAN, OTC_COSINE}) {
    problems.push_back(random_problem(random, 70, 140, 1000, metric));
    problems.push_back(random_problem(random, 300, 9, 130, metric));
    problems.push_back(random_problem(random, 100, 128, 1024, metric));
    problems.push_back(random_problem(random, 3, 5, 1025, metric));
  }
  compare_all(problems, costs(problems), 5e-6, 3e-7);
}

// Rows of the anchor again, exactly and with a small change, far from the origin.
TEST(near_pairs_keep_their_digits) {
  std::mt19937 random(3);
  std::vector<Problem> problems;
  for (int d : {40, 90, 300}) {
    for (int metric : {OTC_EUCLIDEAN, OTC_SQEUCLIDEAN, OTC_COSINE}) {
      Problem p = random_problem(random, 40, 140, d, metric, 2, 3);
      for (int i = 0; i < 40; i++) {
        for (int k = 0; k < d; k++) {
          const float y = p.y[size_t(3 * i) * d + k];
          p.x[size_t(i) * d + k] = i % 2 ? y : y * (1 + 1e-3f * static_cast<float>((i + k) % 7));
        }
      }
      problems.push_back(p);
    }
  }
  const Floats result = check::same_bits("near", [&] { return costs(problems); });
  size_t first = 0;
  for (const Problem& p : problems) {
    // Normalised rows are rounded, which moves a cosine distance by a square of that at least.
    const bool cosine = p.metric == OTC_COSINE;
    compare(p, result.data() + first, cosine ? 2e-4 : 3e-5, cosine ? 1e-12 : 0);
    for (int i = 1; i < p.n && !cosine; i += 2) CHECK(result[first + size_t(i) * p.m + 3 * i] == 0);
    first += size_t(p.n) * p.m;
  }
}

TEST(all_rows_the_same_are_at_no_distance) {
  std::vector<Problem> problems;
  for (int d : {5, 100}) {
    for (int metric : {OTC_EUCLIDEAN, OTC_SQEUCLIDEAN, OTC_COSINE}) {
      problems.push_back({9, 130, d, metric, Floats(9 * d, 0.7f), Floats(130 * d, 0.7f)});
    }
  }
  for (float value : costs(problems)) CHECK(value == 0);
}

TEST(a_row_without_a_norm_is_at_cosine_distance_one) {
  std::mt19937 random(4);
  for (int d : {30, 100, 1100}) {
    Problem p = random_problem(random, 20, 20, d, OTC_COSINE);
    std::fill_n(p.x.begin() + 3 * d, d, 0.0f);
    std::fill_n(p.y.begin() + 7 * d, d, 0.0f);
    const Floats result = costs({p});
    for (int j = 0; j < 20; j++) CHECK(result[3 * 20 + j] == 1 && result[j * 20 + 7] == 1);
    compare(p, result.data(), 2e-6, 3e-7);
  }
}

TEST(rows_of_extreme_norms_keep_their_direction) {
  std::mt19937 random(5);
  for (int d : {30, 100, 1100}) {
    Problem p = random_problem(random, 20, 20, d, OTC_COSINE);
    for (int k = 0; k < d; k++) {
      p.x[k] *= 1e-25f;
      p.x[d + k] *= 1e25f;
      p.y[k] *= 1e-30f;
    }
    compare(p, costs({p}).data(), 2e-6, 5e-7);
  }
}

TEST(an_offset_common_to_all_rows_does_not_matter) {
  std::mt19937 random(6);
  for (int metric : {OTC_EUCLIDEAN, OTC_SQEUCLIDEAN}) {
    const Problem p = random_problem(random, 33, 134, 200, metric, 1000, 1001);
    compare(p, costs({p}).data(), 5e-6, 0);
  }
}

TEST(costs_spread_over_six_orders_of_magnitude_agree) {
  std::mt19937 random(7);
  for (int d : {20, 80}) {
    for (float scale : {1e-3f, 1e3f}) {
      Problem p = random_problem(random, 40, 141, d, OTC_EUCLIDEAN, -scale, scale);
      for (size_t i = 0; i < p.x.size(); i += 3) p.x[i] *= 1e-3f;
      compare(p, costs({p}).data(), 5e-6, 0);
    }
  }
}

// Rows of one magnitude beside rows of another: ordinary ones, and one that is huge or tiny in each
// matrix, or that repeats a row of the other.
TEST(a_distance_is_right_whatever_stands_beside_it) {
  std::mt19937 random(9);
  std::vector<Problem> problems;
  for (int metric : {OTC_EUCLIDEAN, OTC_SQEUCLIDEAN, OTC_COSINE}) {
    for (float scale : {1e-42f, 1e-25f, 1e20f, 2e38f}) {
      for (int d : {7, 70}) {
        Problem p = random_problem(random, 5, d < 64 ? 101 : 129, d, metric);
        for (int k = 0; k < d; k++) {
          p.x[size_t(2) * d + k] *= scale;
          p.y[size_t(100) * d + k] *= scale;
          p.y[size_t(3) * d + k] = p.x[size_t(2) * d + k];
          p.y[size_t(4) * d + k] = p.x[k];
        }
        problems.push_back(p);
      }
    }
  }
  const Floats result = check::same_bits("magnitudes", [&] { return costs(problems); });
  size_t first = 0;
  for (const Problem& p : problems) {
    const bool cosine = p.metric == OTC_COSINE;
    for (int i = 0; i < p.n; i++) {
      for (int j = 0; j < p.m; j++) {
        const double expected =
            reference(p.x.data() + size_t(i) * p.d, p.y.data() + size_t(j) * p.d, p.d, p.metric);
        const float actual = result[first + size_t(i) * p.m + j];
        if (expected > 3.4028235e38) {
          CHECK(actual == HUGE_VALF);
        } else {
          CHECK_NEAR(actual, expected, 5e-6 * expected + (cosine ? 5e-7 : 0x1p-149));
        }
      }
    }
    first += size_t(p.n) * p.m;
  }
}

TEST(all_rows_may_be_huge_or_tiny) {
  std::mt19937 random(10);
  for (int metric : {OTC_EUCLIDEAN, OTC_COSINE}) {
    for (float scale : {1e-41f, 1e-23f, 1e19f, 1e37f}) {
      for (int d : {20, 70}) {
        Problem p = random_problem(random, 3, d < 64 ? 9 : 129, d, metric);
        for (float& x : p.x) x *= scale;
        for (float& y : p.y) y *= scale;
        const double tiny = metric == OTC_COSINE ? 5e-7 : 0x1p-149;
        compare(p, costs({p}).data(), 5e-6, tiny);
      }
    }
  }
}

// The others stay as right as they were.
TEST(features_that_are_not_finite_give_costs_that_are_not_in_their_pairs) {
  std::mt19937 random(11);
  for (int metric : {OTC_EUCLIDEAN, OTC_SQEUCLIDEAN, OTC_COSINE}) {
    for (float bad : {std::nanf(""), metric == OTC_COSINE ? -HUGE_VALF : HUGE_VALF}) {
      for (int d : {20, 70}) {
        Problem p = random_problem(random, 6, 131, d, metric);
        p.x[size_t(2) * d + d / 2] = bad;
        p.y[size_t(100) * d + d - 1] = bad;
        std::fill_n(p.x.begin() + 3 * d, d, 0.0f);  // no direction, nor has what stands beside
        const Floats result = costs({p});
        for (int i = 0; i < p.n; i++) {
          for (int j = 0; j < p.m; j++) {
            const float value = result[size_t(i) * p.m + j];
            if (i == 2 || j == 100) {
              CHECK(!std::isfinite(value));
              continue;
            }
            const double expected = reference(p.x.data() + size_t(i) * d,
                                              p.y.data() + size_t(j) * d, d, metric);
            CHECK_NEAR(value, expected, 5e-6 * expected + 5e-7);
          }
        }
      }
    }
  }
}

TEST(bad_cost_tasks_are_refused) {
  otc_launch launch;
  for (auto [n, m, d, metric] :
       {std::array{-1, 1, 1, 0}, {1, -1, 1, 0}, {1, 1, -1, 0}, {1, 1, 1, 3}, {1, 1, 1, -1}}) {
    const Device<float> any(1);
    otc_cost_task task{};
    task.x = task.y = any;
    task.cost = any;
    task.n = n;
    task.m = m;
    task.d = d;
    task.metric = metric;
    CHECK(otc_cost_prepare(&task, 1, &launch) == 1);
  }
}

}  // namespace
