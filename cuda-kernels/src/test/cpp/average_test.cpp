// Averages under hard maps against sums in double, entry by entry.
#include <algorithm>

#include "outputs.h"
#include "tensors.h"

using check::Axis;
using check::Batch;
using check::Device;
using check::Floats;
using check::Ints;
using check::Tensor;

namespace {

struct Problem {
  std::vector<Tensor> sources;
  Floats weights;
  bool accumulate;
  int source_shift = 0;  // floats past an aligned address
};

constexpr float kBefore = 0.25f;  // what a target that is added to holds

// All targets one after the other; all of that several times.
Floats averages(const std::vector<Problem>& problems, int repeat = 1, int target_shift = 0) {
  check::Uploads uploads;
  std::vector<std::unique_ptr<Device<otc_average_source>>> kept;
  std::vector<otc_average_task> tasks;
  for (const Problem& p : problems) {
    std::vector<otc_average_source> sources;
    for (size_t k = 0; k < p.sources.size(); k++) {
      otc_average_source source{};
      source.values = uploads.values(p.sources[k], p.source_shift);
      source.weight = p.weights[k];
      uploads.axes(p.sources[k], source.axes);
      sources.push_back(source);
    }
    kept.push_back(std::make_unique<Device<otc_average_source>>(sources));
    tasks.push_back({nullptr, *kept.back(), p.sources[0].target_length(),
                     static_cast<int32_t>(sources.size()),
                     static_cast<int32_t>(p.sources[0].axes.size()), p.accumulate, 0});
  }
  std::vector<size_t> lengths;
  for (int r = 0; r < repeat; r++) {
    for (size_t p = 0; p < problems.size(); p++) {
      if (r > 0) tasks.push_back(tasks[p]);
      lengths.push_back(static_cast<size_t>(tasks[p].length));
    }
  }
  const check::Outputs<float> out(lengths, target_shift);
  for (size_t t = 0; t < tasks.size(); t++) tasks[t].target = out[t];
  Batch<otc_average_task> batch(tasks, otc_average_prepare);
  Floats first;
  for (int run = 0; run < 2; run++) {
    if (run == 1) out.poison();
    for (const auto& task : tasks) {
      if (task.accumulate) std::fill_n(task.target, task.length, kBefore);
    }
    CHECK(otc_average(batch.device, &batch.launch, nullptr) == 0);
    const Floats result = out.read();
    if (run == 0) first = result;
    CHECK(check::same(result, first));
  }
  return first;
}

void compare(const Problem& p, const float* result) {
  const auto& axes = p.sources[0].axes;
  Ints index(axes.size());
  if (p.sources[0].target_length() == 0) return;
  size_t at = 0;
  do {
    double expected = p.accumulate ? kBefore : 0;
    for (size_t k = 0; k < p.sources.size(); k++) {
      if (p.weights[k] != 0) expected += double{p.weights[k]} * p.sources[k].at(index);
    }
    CHECK_NEAR(result[at], expected, 1e-6);
    at++;
  } while (check::next(index, axes));
}

class Builder {
 public:
  explicit Builder(unsigned seed) : random_(seed) {}

  // Sizes of the target; an axis is mapped where its letter is 'm', for all sources but the last,
  // and from another size.
  Problem problem(const std::vector<int>& sizes, const std::string& kinds, int count,
                  bool accumulate = false) {
    Problem p{{}, check::uniform(random_, count, 0.1f, 1), accumulate};
    for (int k = 0; k < count; k++) {
      std::vector<Axis> axes;
      for (size_t a = 0; a < sizes.size(); a++) {
        const bool mapped = kinds[a] == 'm' && k + 1 < count;
        axes.push_back(mapped ? Axis::mapped(random_, sizes[a] + k, sizes[a])
                              : Axis::identity(sizes[a]));
      }
      p.sources.emplace_back(random_, axes);
    }
    float total = 0;
    for (float weight : p.weights) total += weight;
    for (float& weight : p.weights) weight /= total;
    return p;
  }

 private:
  std::mt19937 random_;
};

std::vector<Problem> problems() {
  Builder b(1);
  std::vector<Problem> all;
  all.push_back(b.problem({}, "", 3));
  for (int n : {0, 1, 2, 3, 31, 32, 33, 255, 256, 257, 1000}) {
    all.push_back(b.problem({n}, "m", 2, n % 2 == 1));
    all.push_back(b.problem({n}, "i", 2));
  }
  for (int n : {4095, 4096, 4097, 9000}) all.push_back(b.problem({n}, n % 2 ? "m" : "i", 2));
  all.push_back(b.problem({65, 127}, "mm", 2));
  all.push_back(b.problem({65, 128}, "mi", 2, true));
  all.push_back(b.problem({33, 17, 9}, "mmi", 3));
  all.push_back(b.problem({33, 17, 16}, "mmi", 3));
  all.push_back(b.problem({40, 3, 3, 3}, "mmii", 2));
  all.push_back(b.problem({9, 1, 5, 4}, "imim", 2));
  all.push_back(b.problem({9, 1, 5, 1}, "mmim", 2));
  all.push_back(b.problem({3, 4, 2, 5, 3, 7}, "mimimm", 2));
  all.push_back(b.problem({3, 4, 2, 5, 3, 8}, "mmmmmi", 2));
  all.push_back(b.problem({5000, 2}, "mm", 2));
  all.push_back(b.problem({2, 5000}, "mm", 2));
  all.push_back(b.problem({21, 12}, "mi", 1));
  all.push_back(b.problem({50, 12}, "mi", 33));
  all.push_back(b.problem({50, 12}, "mm", 70, true));
  Problem sometimes = b.problem({13, 40}, "mm", 5);
  sometimes.weights[0] = sometimes.weights[3] = 0;
  sometimes.sources[3].values.assign(sometimes.sources[3].values.size(), std::nanf(""));
  all.push_back(sometimes);
  Problem never = b.problem({13, 4}, "mi", 2, true);
  never.weights.assign(2, 0.0f);
  all.push_back(never);
  never.accumulate = false;
  all.push_back(never);
  for (int shift : {1, 4}) {
    all.push_back(b.problem({30, 36}, "mi", 2));
    all.back().source_shift = shift;
  }
  return all;
}

TEST(averages_are_weighted_sums_through_the_maps_of_all_axes) {
  const auto all = problems();
  const Floats result = check::same_bits("average", [&] { return averages(all); });
  size_t first = 0;
  for (const Problem& p : all) {
    const size_t length = static_cast<size_t>(p.sources[0].target_length());
    compare(p, result.data() + first);
    const Floats alone = averages({p});
    CHECK(check::same(alone, Floats(result.begin() + first, result.begin() + first + length)));
    first += length;
  }
  // Packed without gaps, and all of them past an aligned address.
  for (int shift : {-1, 1}) CHECK(check::same(averages(all, 1, shift), result));
}

TEST(blocks_that_take_several_tiles_lay_each_out_anew) {
  Builder b(4);
  std::vector<Problem> some;
  for (int t = 0; t < 9; t++) {
    some.push_back(b.problem({1 + t % 5, 2 + t % 3}, t % 2 ? "mm" : "mi", 1 + t % 3));
  }
  const Floats once = averages(some);
  for (uint64_t seed : {0, 1, 3}) {
    ote_seed(seed);
    CHECK(check::repeats(averages(some, check::crowd(some.size())), once));
  }
}

TEST(the_anchor_alone_comes_out_bit_for_bit) {
  Builder b(2);
  Problem p = b.problem({40, 33}, "mm", 3);
  p.weights = {0, 0, 1};
  for (size_t i = 0; i < p.sources[2].values.size(); i += 2)
    p.sources[2].values[i] = i % 4 ? -0.0f : 1e-42f;
  CHECK(check::same(averages({p}), p.sources[2].values));
}

TEST(permuted_copies_average_to_the_original) {
  std::mt19937 random(3);
  const int n = 70, m = 45;
  const Tensor original(random, {Axis::identity(n), Axis::identity(m)});
  Tensor copy = original;
  for (Axis& axis : copy.axes) {
    axis.map.resize(axis.n);
    for (int i = 0; i < axis.n; i++) axis.map[i] = i;
    std::shuffle(axis.map.begin(), axis.map.end(), random);
  }
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < m; j++)
      copy.values[copy.axes[0].map[i] * m + copy.axes[1].map[j]] = original.values[i * m + j];
  }
  CHECK(check::same(averages({{{copy, original}, {0.5f, 0.5f}, false}}), original.values));
}

TEST(bad_average_tasks_are_refused) {
  otc_launch launch;
  const Device<float> target(1);
  const Device<otc_average_source> sources(1);
  otc_average_task task{target, sources, 1, 0, 1, 0, 0};
  CHECK(otc_average_prepare(&task, 1, &launch) == 1);
  task = {target, sources, -1, 1, 1, 0, 0};
  CHECK(otc_average_prepare(&task, 1, &launch) == 1);
  task = {target, sources, 1, 1, OTC_MAX_AXES + 1, 0, 0};
  CHECK(otc_average_prepare(&task, 1, &launch) == 1);
}

}  // namespace
