// What must not change a bit of a Sinkhorn problem's result: thread and block order, the rest of
// the batch, the size of teams and grids, and that a launch is made again.
#include <algorithm>
#include <cstring>

#include "sinkhorn_check.h"

namespace {

using check::Floats;
using check::Sinkhorn;
using check::Solution;

bool same(const Solution& x, const Solution& y) {
  const Floats first = x.bits(), second = y.bits();
  return first.size() == second.size() &&
         std::memcmp(first.data(), second.data(), first.size() * sizeof(float)) == 0;
}

// Problems of all groups and settings; those behind the third are of tier 2 on a tight device.
std::vector<Sinkhorn> mixed(std::mt19937& random) {
  std::vector<Sinkhorn> batch;
  for (auto [n, m] : {std::pair{9, 20}, {33, 31}, {70, 66}, {129, 100}, {70, 260}, {300, 40}}) {
    batch.emplace_back(random, n, m);
    batch.back().limit = 6;
  }
  batch[0].tau = 0.5;
  batch[1].epsilon = 0.001;
  batch[3].tau = 1;
  batch[4].epsilon = 0.002;
  batch[5].annealing = 0.5;
  return batch;
}

TEST(results_do_not_depend_on_the_order_of_threads_and_blocks) {
  std::mt19937 random(1);
  const std::vector<Sinkhorn> batch = mixed(random);
  check::same_bits("a mixed batch", [&] {
    Floats all;
    for (const Solution& solution : check::solve(batch, check::tight())) {
      const Floats bits = solution.bits();
      all.insert(all.end(), bits.begin(), bits.end());
    }
    return all;
  });
}

TEST(results_do_not_depend_on_teams_and_grids) {
  std::mt19937 random(2);
  const std::vector<Sinkhorn> batch = mixed(random);
  const std::vector<Solution> expected = check::solve(batch, check::tight());
  for (int multiprocessors : {1, 2, 3, 7, 16}) {
    otc_device device = check::tight();
    device.multiprocessors = multiprocessors;
    const std::vector<Solution> solutions = check::solve(batch, device);
    for (size_t k = 0; k < batch.size(); k++) CHECK(same(solutions[k], expected[k]));
  }
}

TEST(results_do_not_depend_on_the_rest_of_the_batch) {
  std::mt19937 random(3);
  const std::vector<Sinkhorn> batch = mixed(random);
  const std::vector<Solution> together = check::solve(batch, check::tight());
  for (size_t k = 0; k < batch.size(); k++) {
    CHECK(same(check::solve({batch[k]}, check::tight())[0], together[k]));
  }
  // Teams take several problems, of which the first ones stay longer.
  std::vector<Sinkhorn> many;
  for (int copy = 0; copy < 3; copy++) {
    for (size_t k = batch.size(); k-- > 0;) many.push_back(batch[k]);
  }
  otc_device device = check::tight();
  device.multiprocessors = 5;
  const std::vector<Solution> solutions = check::solve(many, device);
  for (size_t k = 0; k < many.size(); k++) {
    CHECK(same(solutions[k], together[batch.size() - 1 - k % batch.size()]));
  }
}

TEST(a_grid_of_teams_is_no_larger_than_what_the_device_runs_at_once) {
  std::mt19937 random(7);
  std::vector<Sinkhorn> batch;
  for (int k = 0; k < 9; k++) batch.emplace_back(random, 180 + 20 * k, 60).limit = 3;
  const std::vector<Solution> expected = check::solve(batch, check::tight());
  ote_device small;
  ote_device_default(&small);
  small.threads_per_multiprocessor = 480;  // one block of 256 where two are wanted, none of 512
  for (int multiprocessors : {1, 3}) {
    otc_device device = check::tight();
    device.multiprocessors = small.multiprocessors = multiprocessors;
    ote_reset(&small);
    const std::vector<Solution> solutions = check::solve(batch, device);
    for (size_t k = 0; k < batch.size(); k++) CHECK(same(solutions[k], expected[k]));
    otc_sinkhorn_task wide = check::sizes(3, 8193);
    int32_t order;
    otc_launch launch;
    CHECK(otc_sinkhorn_prepare(&wide, &order, 1, &device, &launch) == 720);
  }
  ote_device_default(&small);
  ote_reset(&small);
}

TEST(what_is_cached_in_shared_memory_changes_no_bit) {
  std::mt19937 random(4);
  Sinkhorn p(random, 200, 200);
  p.limit = 5;
  const Solution none = check::solve({p}, check::device(2, 19 << 10))[0];
  for (int kilobytes : {24, 32, 48, 64}) {
    CHECK(same(check::solve({p}, check::device(2, kilobytes << 10))[0], none));
  }
}

TEST(a_prepared_launch_may_be_made_again) {
  std::mt19937 random(5);
  const std::vector<Sinkhorn> batch = mixed(random);
  const std::vector<Solution> once = check::solve(batch, check::tight(), 0, 1);
  const std::vector<Solution> again = check::solve(batch, check::tight(), 0, 3);
  for (size_t k = 0; k < batch.size(); k++) CHECK(same(once[k], again[k]));
}

TEST(a_batch_takes_at_most_six_kernels) {
  std::mt19937 random(6);
  std::vector<Sinkhorn> batch = mixed(random);
  const int64_t before = ote_kernels();
  check::solve({batch[0]}, check::tight());
  CHECK(ote_kernels() - before == 1);
  batch.insert(batch.end(), {batch[0], batch[4], batch[5]});
  const int64_t middle = ote_kernels();
  check::solve(batch, check::tight());
  CHECK(ote_kernels() - middle <= 6);
}

TEST(groups_follow_from_sizes_and_device_alone) {
  const otc_device h100 = {132, 227 << 10, 228 << 10};
  std::vector<otc_sinkhorn_task> tasks;
  for (int n : {16, 100, 150, 200, 300, 512, 1000, 4096, 8192, 64}) {
    tasks.push_back(check::sizes(n, n));
  }
  std::vector<int32_t> order(tasks.size());
  otc_launch launch;
  CHECK(otc_sinkhorn_prepare(tasks.data(), order.data(), 10, &h100, &launch) == 0);
  // Tier 1 in three sizes of block, the largest problems of each first.
  const int counts[] = {3, 1, 1, 3, 2};
  for (int g = 0; g < OTC_MAX_GROUPS; g++) CHECK(launch.groups[g].count == counts[g]);
  CHECK((order == std::vector<int32_t>{1, 9, 0, 2, 3, 6, 5, 4, 8, 7}));
  for (int t = 0; t < 10; t++) CHECK(tasks[t].tier == (tasks[t].n <= 200 ? 1 : 2));
  for (int g = 0; g < OTC_MAX_GROUPS; g++) {
    const otc_group& group = launch.groups[g];
    CHECK(group.shared > 0 && group.shared < h100.shared_per_block);
    CHECK(group.blocks <= (g < 3 ? group.count : h100.multiprocessors * 512 / group.threads));
  }
}

// The blocks of a group's smallest teams, level by level.
std::vector<int> teams(const otc_group& group) {
  std::vector<int> sizes;
  int size = group.blocks;
  for (const otc_level& level : group.levels) {
    if (level.cut > 0) sizes.push_back(size /= level.cut);
  }
  return sizes;
}

TEST(teams_are_as_large_as_their_problems_pay_for) {
  const otc_device h100 = {132, 227 << 10, 228 << 10};
  auto group = [&](int which, std::vector<std::pair<int, int>> sizes) {
    std::vector<otc_sinkhorn_task> tasks;
    for (auto [count, n] : sizes) {
      tasks.insert(tasks.end(), count, check::sizes(n, n));
    }
    std::vector<int32_t> order(tasks.size());
    otc_launch launch;
    const int count = static_cast<int>(tasks.size());
    CHECK(otc_sinkhorn_prepare(tasks.data(), order.data(), count, &h100, &launch) == 0);
    return launch.groups[which];
  };
  using Sizes = std::vector<int>;
  // A huge problem has all blocks; a third of them hold one of the small ones that come after.
  CHECK((teams(group(4, {{1, 8192}})) == Sizes{132}));
  CHECK((teams(group(4, {{1, 8192}, {100, 1400}})) == Sizes{132, 44}));
  CHECK((teams(group(4, {{100, 1400}})) == Sizes{44}));
  // Few problems share the blocks that have something to do: 125 and 19 for n = 1000 and 300.
  CHECK((teams(group(3, {{1, 1000}})) == Sizes{125}));
  CHECK((teams(group(3, {{1, 1000}, {1, 300}})) == Sizes{72, 12}));
  CHECK((teams(group(3, {{4, 1000}})) == Sizes{66}));
  // Many problems leave each the blocks that hold it: 42 and 4.
  CHECK((teams(group(3, {{1000, 300}})) == Sizes{4}));
  CHECK((teams(group(3, {{20, 1000}, {1000, 300}})) == Sizes{44, 4}));
}

TEST(teams_that_are_cut_into_smaller_ones_change_no_bit) {
  std::mt19937 random(8);
  std::vector<Sinkhorn> batch;
  for (int k = 0; k < 12; k++) {
    batch.emplace_back(random, k == 0 ? 1500 : k < 3 ? 700 : 200, 60).limit = 1 + k % 3;
  }
  const std::vector<Solution> expected = check::solve(batch, check::device(1, 40 << 10));
  otc_device device = check::device(16, 40 << 10);
  check::same_bits("teams on three levels", [&] {
    const std::vector<Solution> solutions = check::solve(batch, device);
    for (size_t k = 0; k < batch.size(); k++) CHECK(same(solutions[k], expected[k]));
    return solutions[0].bits();
  });
}

TEST(one_large_problem_does_not_make_room_for_many) {
  const otc_device h100 = {132, 227 << 10, 228 << 10};
  std::vector<otc_sinkhorn_task> tasks(200, check::sizes(300, 300));
  std::vector<int32_t> order(tasks.size() + 1);
  otc_launch launch;
  CHECK(otc_sinkhorn_prepare(tasks.data(), order.data(), 200, &h100, &launch) == 0);
  const int64_t small = launch.workspace;
  otc_sinkhorn_task large = check::sizes(8192, 8192);
  CHECK(otc_sinkhorn_prepare(&large, order.data(), 1, &h100, &launch) == 0);
  const int64_t alone = launch.workspace;
  tasks.push_back(large);
  CHECK(otc_sinkhorn_prepare(tasks.data(), order.data(), 201, &h100, &launch) == 0);
  CHECK(alone < int64_t{2} * 8192 * 8192 * 4);
  CHECK(launch.workspace <= std::max(small, alone) + (64 << 10));
}

TEST(sizes_and_devices_that_do_not_work_are_refused) {
  otc_sinkhorn_task task = check::sizes(0, 5);
  int32_t order;
  otc_launch launch;
  otc_device device = check::roomy();
  CHECK(otc_sinkhorn_prepare(&task, &order, 1, &device, &launch) == 1);
  task.n = 5;
  task.m = 0;
  CHECK(otc_sinkhorn_prepare(&task, &order, 1, &device, &launch) == 1);
  task.n = task.m = 3000;
  device = check::device(4, 16 << 10);
  CHECK(otc_sinkhorn_prepare(&task, &order, 1, &device, &launch) == 9);
  CHECK(otc_sinkhorn_prepare(&task, &order, 0, &device, &launch) == 0);
  CHECK(otc_sinkhorn(nullptr, nullptr, nullptr, &launch, nullptr, nullptr) == 0);
}

}  // namespace
