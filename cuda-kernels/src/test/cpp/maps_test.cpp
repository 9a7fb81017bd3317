// Couplings to maps against divisions in double, and which couplings are permutations.
#include <algorithm>
#include <numeric>

#include "batch.h"
#include "outputs.h"

using check::Batch;
using check::Device;
using check::Floats;
using check::Outputs;

namespace {

constexpr double kTiniest = 0x1p-149;  // the rounding of floats that lose digits at the low end

struct Plan {
  int n;
  int m;
  Floats values;
};

// P, Q, source and hard of every plan, one after the other, as floats.
Floats maps(const std::vector<Plan>& plans, bool with_source = true) {
  std::vector<size_t> entries, columns;
  Floats all;
  for (const Plan& plan : plans) {
    entries.push_back(plan.values.size());
    columns.push_back(static_cast<size_t>(plan.m));
    all.insert(all.end(), plan.values.begin(), plan.values.end());
  }
  const Device<float> in(all);
  const Outputs<float> p(entries), q(entries);
  const Outputs<int32_t> source(columns), hard(std::vector<size_t>(plans.size(), 1));
  std::vector<otc_map_task> tasks;
  const float* plan = in;
  for (size_t t = 0; t < plans.size(); t++) {
    tasks.push_back({plan, p[t], q[t], with_source ? source[t] : nullptr,
                     with_source ? hard[t] : nullptr, plans[t].n, plans[t].m, 0, 0, 0});
    plan += plans[t].values.size();
  }
  Batch<otc_map_task> batch(tasks, otc_maps_prepare);
  CHECK(otc_maps(batch.device, &batch.launch, batch.workspace, nullptr) == 0);
  Floats result = p.read();
  const Floats rest = q.read();
  p.poison();
  q.poison();
  CHECK(otc_maps(batch.device, &batch.launch, batch.workspace, nullptr) == 0);
  CHECK(check::same(p.read(), result) && check::same(q.read(), rest));
  result.insert(result.end(), rest.begin(), rest.end());
  if (!with_source) return result;
  for (int32_t i : source.read()) result.push_back(static_cast<float>(i));
  for (int32_t h : hard.read()) result.push_back(static_cast<float>(h));
  return result;
}

void compare(const Plan& plan, const float* p, const float* q) {
  std::vector<double> rows(plan.n), columns(plan.m);
  for (int i = 0; i < plan.n; i++) {
    for (int j = 0; j < plan.m; j++) {
      rows[i] += plan.values[i * plan.m + j];
      columns[j] += plan.values[i * plan.m + j];
    }
  }
  for (int i = 0; i < plan.n; i++) {
    for (int j = 0; j < plan.m; j++) {
      const int at = i * plan.m + j;
      const double t = plan.values[at];
      const double by_column = columns[j] > 0 ? t / columns[j] : 1.0 / plan.n;
      const double by_row = rows[i] > 0 ? t / rows[i] : 1.0 / plan.m;
      CHECK_NEAR(p[at], by_column, 4e-7 * by_column + kTiniest);
      CHECK_NEAR(q[at], by_row, 4e-7 * by_row + kTiniest);
    }
  }
}

Plan dense(std::mt19937& random, int n, int m) {
  return {n, m, check::uniform(random, int64_t{n} * m, 0.01f, 1)};
}

std::vector<Plan> plans() {
  std::mt19937 random(1);
  std::vector<Plan> all;
  const int sizes[] = {1, 2, 31, 32, 33, 63, 64, 65, 127, 128, 129, 300};
  for (int n : sizes) {
    for (int m : {1, 32, 63, 64, 127, 128, 129, 257}) {
      Plan plan = dense(random, n, m);
      if ((n + m) % 3 == 0) {  // lines without mass
        for (int j = 0; j < m; j++) plan.values[n / 2 * m + j] = 0;
        for (int i = 0; i < n; i++) plan.values[i * m + m / 3] = 0;
      }
      if ((n + m) % 5 == 0) {  // sums whose inverse leaves float's range
        for (int j = 0; j < m; j++) plan.values[j] *= 1e-39f;
      }
      all.push_back(plan);
    }
  }
  for (auto [n, m] : {std::pair{0, 0}, {0, 3}, {3, 0}}) all.push_back({n, m, {}});
  return all;
}

TEST(maps_divide_a_plan_by_its_column_and_row_sums) {
  const auto all = plans();
  const Floats result = check::same_bits("maps", [&] { return maps(all); });
  size_t entries = 0;
  for (const Plan& plan : all) entries += plan.values.size();
  size_t first = 0;
  for (const Plan& plan : all) {
    compare(plan, result.data() + first, result.data() + entries + first);
    const Floats alone = maps({plan}, false);
    const size_t size = plan.values.size();
    CHECK(std::equal(alone.begin(), alone.begin() + size, result.begin() + first));
    CHECK(std::equal(alone.begin() + size, alone.end(), result.begin() + entries + first));
    first += size;
  }
}

TEST(blocks_that_take_several_plans_sum_each_anew) {
  std::mt19937 random(3);
  std::vector<Plan> crowd;
  size_t entries = 0;
  for (int t = 0; t < 3 * OTC_MOST_BLOCKS; t++) {
    crowd.push_back(dense(random, 1 + t % 5, 1 + t % 3));
    entries += crowd.back().values.size();
  }
  for (uint64_t seed : {0, 1, 3}) {
    ote_seed(seed);
    const Floats result = maps(crowd);
    size_t first = 0;
    for (const Plan& plan : crowd) {
      compare(plan, result.data() + first, result.data() + entries + first);
      first += plan.values.size();
    }
  }
}

// The source and hard of plans that are all of one size.
void check_hard(const std::vector<Plan>& plans, const std::vector<std::vector<int>>& sources) {
  const Floats result = check::same_bits("hard", [&] { return maps(plans); });
  const int m = plans[0].m;
  const size_t at = 2 * plans.size() * plans[0].n * m;
  for (size_t t = 0; t < plans.size(); t++) {
    const bool hard = !sources[t].empty();
    CHECK(result[at + plans.size() * m + t] == (hard ? 1 : 0));
    for (int j = 0; hard && j < m; j++) {
      CHECK(result[at + t * m + j] == sources[t][j]);
      for (int i = 0; i < m; i++) {
        CHECK(result[(t * m + i) * m + j] == (i == sources[t][j] ? 1 : 0));
      }
    }
  }
}

TEST(permutations_are_found_and_nothing_else) {
  std::mt19937 random(2);
  for (int n : {1, 2, 33, 64, 65, 128, 130}) {
    std::vector<Plan> plans;
    std::vector<std::vector<int>> sources;
    for (int kind = 0; kind < 5; kind++) {
      std::vector<int> source(n);
      std::iota(source.begin(), source.end(), 0);
      std::shuffle(source.begin(), source.end(), random);
      Plan plan{n, n, Floats(static_cast<size_t>(n) * n)};
      for (int j = 0; j < n; j++) plan.values[source[j] * n + j] = 0.2f + 0.01f * j;
      if (kind == 2) plan.values[source[0] * n] = 0;           // a column without mass
      if (kind == 3) plan.values[source[n - 1] * n] = 1e-30f;  // a second entry but for n = 1
      if (kind == 4) {                                         // two neurons on one
        plan.values[source[0] * n] = 0;
        plan.values[source[n - 1] * n] = 0.1f;
      }
      const bool hard = kind < 2 || (n == 1 && kind > 2);
      plans.push_back(plan);
      sources.push_back(hard ? source : std::vector<int>());
    }
    check_hard(plans, sources);
  }
  Plan wide{2, 3, {1, 0, 0, 0, 1, 0}};
  const Floats result = maps({wide});
  CHECK(result.back() == 0);
  CHECK(maps({{0, 0, {}}}).back() == 1);
}

TEST(a_plan_of_negative_size_is_refused) {
  otc_launch launch;
  otc_map_task task{};
  task.n = -1;
  CHECK(otc_maps_prepare(&task, 1, &launch) == 1);
}

}  // namespace
