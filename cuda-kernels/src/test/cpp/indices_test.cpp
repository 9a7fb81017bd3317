// Gather indices of axes against their definition.
#include <memory>

#include "batch.h"
#include "outputs.h"

using check::Batch;
using check::Device;
using check::Outputs;
using Ints = std::vector<int32_t>;

namespace {

// One segment of an axis.
struct Segment {
  int n;
  int m;
  int block;
  bool identity;
};

TEST(indices_of_axes_with_several_segments_follow_their_maps) {
  std::mt19937 random(1);
  std::vector<std::vector<Segment>> axes = {{{1, 1, 1, true}}, {{5, 0, 3, false}, {4, 4, 1, true}}};
  for (int m : {1, 2, 31, 32, 33, 255, 256, 257, 1000}) {
    axes.push_back({{m, m, 1, false}});
    axes.push_back({{m + 3, m, 7, false}, {9, 9, 2, true}, {4, 5, 1, false}});
  }
  std::vector<otc_index_task> tasks;
  std::vector<std::unique_ptr<Device<int32_t>>> kept;
  std::vector<Ints> expected;
  std::vector<size_t> lengths;
  for (const auto& axis : axes) {
    lengths.push_back(0);
    for (const Segment& s : axis) lengths.back() += static_cast<size_t>(s.m * s.block);
  }
  const Outputs<int32_t> outputs(lengths);
  for (size_t a = 0; a < axes.size(); a++) {
    Ints values;
    int first_source = 0;
    for (const Segment& s : axes[a]) {
      const Ints map = check::random_map(random, s.n, s.m);
      kept.push_back(std::make_unique<Device<int32_t>>(map));
      tasks.push_back({s.identity ? nullptr : static_cast<int32_t*>(*kept.back()), outputs[a],
                       s.m, s.block, static_cast<int32_t>(values.size()), first_source, 0});
      for (int j = 0; j < s.m; j++) {
        const int i = s.identity ? j : map[static_cast<size_t>(j)];
        for (int q = 0; q < s.block; q++) values.push_back(first_source + i * s.block + q);
      }
      first_source += s.n * s.block;
    }
    expected.push_back(values);
  }
  Batch<otc_index_task> batch(tasks, otc_indices_prepare);
  for (int run = 0; run < 2; run++) {
    CHECK(otc_indices(batch.device, &batch.launch, nullptr) == 0);
    for (size_t a = 0; a < axes.size(); a++) CHECK(outputs.read(a) == expected[a]);
    outputs.poison();
  }
}

TEST(more_tasks_than_blocks_are_shared_out) {
  const int count = 9000;
  const Outputs<int32_t> indices({count});
  std::vector<otc_index_task> tasks;
  for (int t = 0; t < count; t++)
    tasks.push_back({nullptr, indices[0], t % 3 == 0 ? 0 : 1, 1, t, t + 7, 0});
  Batch<otc_index_task> batch(tasks, otc_indices_prepare);
  indices.poison(0xffffffffu);
  CHECK(batch.launch.tiles == 6000);
  for (auto& task : tasks) task.m = 1;
  Batch<otc_index_task> all(tasks, otc_indices_prepare);
  CHECK(otc_indices(batch.device, &batch.launch, nullptr) == 0);
  const Ints some = indices.read();
  for (int t = 0; t < count; t++) CHECK(some[t] == (t % 3 == 0 ? -1 : t + 7));
  CHECK(otc_indices(all.device, &all.launch, nullptr) == 0);
  const Ints every = indices.read();
  for (int t = 0; t < count; t++) CHECK(every[t] == t + 7);
}

TEST(bad_index_tasks_are_refused_and_none_are_nothing) {
  otc_launch launch;
  const Device<int32_t> indices(1);
  otc_index_task negative{nullptr, indices, -1, 1, 0, 0, 0};
  otc_index_task blockless{nullptr, indices, 1, 0, 0, 0, 0};
  CHECK(otc_indices_prepare(&negative, 1, &launch) == 1);
  CHECK(otc_indices_prepare(&blockless, 1, &launch) == 1);
  otc_index_task large{nullptr, indices, 1 << 30, 2, 0, 0, 0};
  CHECK(otc_indices_prepare(&large, 1, &launch) == 1);
  CHECK(otc_indices_prepare(nullptr, 0, &launch) == 0);
  CHECK(otc_indices(nullptr, &launch, nullptr) == 0);
}

}  // namespace
