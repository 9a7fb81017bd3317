// What every entry refuses by its sizes and addresses: nothing wraps around, nothing is launched.
#include <climits>

#include "check.h"
#include "otfuse_cuda.h"

namespace {

constexpr int kBad = 1;  // cudaErrorInvalidValue
constexpr int32_t kHuge = 1 << 30;

template <class T = float>
T* somewhere() {
  return reinterpret_cast<T*>(uintptr_t{256});
}

// Whether a prepare function refuses a good task after a change.
template <class Task>
auto refuser(const Task& good, int (*prepare)(Task*, int32_t, otc_launch*)) {
  otc_launch launch;
  Task task = good;
  CHECK(prepare(&task, 1, &launch) == 0);
  CHECK(prepare(&task, -1, &launch) == kBad);
  CHECK(prepare(nullptr, 1, &launch) == kBad);
  CHECK(prepare(&task, 1, nullptr) == kBad);
  CHECK(prepare(nullptr, 0, &launch) == 0);
  return [=](auto change) {
    otc_launch ignored;
    Task changed = good;
    change(changed);
    return prepare(&changed, 1, &ignored) == kBad;
  };
}

otc_launch one_task(int64_t workspace) {
  otc_launch launch{};
  launch.count = 1;
  launch.tiles = launch.tiles_b = launch.tiles_c = launch.tiles_d = 1;
  launch.workspace = workspace;
  return launch;
}

TEST(scans_refuse_lengths_that_are_none) {
  const auto refused = refuser(otc_scan_task{somewhere(), 5, 0, 0}, otc_scan_prepare);
  CHECK(refused([](auto& t) { t.length = -1; }));
  CHECK(refused([](auto& t) { t.length = INT64_MAX; }));
  CHECK(refused([](auto& t) { t.length = INT64_MAX / 4 + 1; }));
  CHECK(refused([](auto& t) { t.values = nullptr; }));
}

TEST(indices_refuse_offsets_that_are_none) {
  const auto refused =
      refuser(otc_index_task{nullptr, somewhere<int32_t>(), 5, 2, 1, 3, 0}, otc_indices_prepare);
  CHECK(refused([](auto& t) { t.first_target = INT_MAX - 9; }));
  CHECK(refused([](auto& t) { t.first_source = INT_MAX - 9; }));
  CHECK(refused([](auto& t) { t.first_target = -1; }));
  CHECK(refused([](auto& t) { t.first_source = -1; }));
  CHECK(refused([](auto& t) { t.indices = nullptr; }));
  CHECK(refused([](auto& t) { t.m = t.block = kHuge; }));
  CHECK(refused([](auto& t) { t.m = INT_MAX; }));
}

TEST(features_refuse_tensors_and_matrices_that_no_device_holds) {
  const otc_feature_task good{
      somewhere(), nullptr, somewhere(), {{nullptr, 4, 4}, {nullptr, 6, 5}}, 2, 0, 1, 3, 7, 2, 0,
      0};
  const auto refused = refuser(good, otc_features_prepare);
  CHECK(refused([](auto& t) { t.values = nullptr; }));
  CHECK(refused([](auto& t) { t.target = nullptr; }));
  CHECK(refused([](auto& t) { t.axes[1].source_size = t.axes[0].source_size = kHuge; }));
  CHECK(refused([](auto& t) { t.axes[1].target_size = INT_MAX; }));
  CHECK(refused([](auto& t) { t.axes[1].source_size = 4; }));  // less than the target's, no map
  CHECK(refused([](auto& t) { t.first_column = INT_MAX; }));
  CHECK(refused([](auto& t) { t.first_row = INT_MAX; }));
  CHECK(refused([](auto& t) { t.columns = INT_MAX; }));
  CHECK(refused([](auto& t) { t.first_column = -1; }));
}

TEST(normalisations_refuse_null_and_negative) {
  float* at = somewhere();
  const auto refused = refuser(otc_normalization_task{at, at, at, at, nullptr, at, at, 1e-5, 3, 0},
                               otc_normalization_prepare);
  CHECK(refused([](auto& t) { t.gamma = nullptr; }));
  CHECK(refused([](auto& t) { t.shift = nullptr; }));
  CHECK(refused([](auto& t) { t.n = INT_MAX; }));
}

TEST(importance_refuses_null_and_negative) {
  const auto refused =
      refuser(otc_importance_task{somewhere<otc_producer>(), somewhere(), 1, 3, OTC_L1, 0, 0},
              otc_importance_prepare);
  CHECK(refused([](auto& t) { t.mass = nullptr; }));
  CHECK(refused([](auto& t) { t.producers = nullptr; }));
  CHECK(refused([](auto& t) { t.n = INT_MAX; }));
}

TEST(costs_refuse_matrices_that_no_device_holds) {
  otc_cost_task good{};
  good.x = good.y = good.cost = somewhere();
  good.n = good.m = good.d = 3;
  const auto refused = refuser(good, otc_cost_prepare);
  CHECK(refused([](auto& t) { t.x = nullptr; }));
  CHECK(refused([](auto& t) { t.y = nullptr; }));
  CHECK(refused([](auto& t) { t.cost = nullptr; }));
  CHECK(refused([](auto& t) { t.n = t.m = kHuge; }));
  CHECK(refused([](auto& t) { t.n = t.d = kHuge; }));
  CHECK(refused([](auto& t) { t.m = t.d = kHuge; }));
  CHECK(refused([](auto& t) { t.n = INT_MAX; }));
}

TEST(maps_refuse_plans_that_no_device_holds) {
  otc_map_task good{};
  good.plan = good.p = good.q = somewhere();
  good.n = good.m = 3;
  const auto refused = refuser(good, otc_maps_prepare);
  CHECK(refused([](auto& t) { t.plan = nullptr; }));
  CHECK(refused([](auto& t) { t.q = nullptr; }));
  CHECK(refused([](auto& t) { t.n = t.m = kHuge; }));
  CHECK(refused([](auto& t) { t.m = INT_MAX; }));
}

TEST(averages_refuse_lengths_that_are_none) {
  const auto refused = refuser(
      otc_average_task{somewhere(), somewhere<otc_average_source>(), 5, 1, 1, 0, 0},
      otc_average_prepare);
  CHECK(refused([](auto& t) { t.target = nullptr; }));
  CHECK(refused([](auto& t) { t.sources = nullptr; }));
  CHECK(refused([](auto& t) { t.length = INT64_MAX; }));
  CHECK(refused([](auto& t) { t.length = INT64_MAX / 4 + 1; }));
}

TEST(sinkhorn_refuses_problems_that_no_device_holds) {
  otc_sinkhorn_task good{};
  good.cost = good.a = good.b = somewhere();
  good.plan = good.f = good.g = somewhere();
  good.n = good.m = 3;
  int32_t order = 0;
  const otc_device device{4, 227 << 10, 228 << 10};
  otc_launch launch;
  const auto status = [&](auto change) {
    otc_sinkhorn_task task = good;
    change(task);
    return otc_sinkhorn_prepare(&task, &order, 1, &device, &launch);
  };
  CHECK(status([](auto&) {}) == 0);
  CHECK(status([](auto& t) { t.n = t.m = kHuge; }) == kBad);
  CHECK(status([](auto& t) { t.n = INT_MAX; }) == kBad);
  CHECK(status([](auto& t) { t.m = INT_MAX; }) == kBad);
  CHECK(status([](auto& t) { t.cost = nullptr; }) == kBad);
  CHECK(status([](auto& t) { t.g = nullptr; }) == kBad);
  CHECK(otc_sinkhorn_prepare(&good, &order, 1, nullptr, &launch) == kBad);
  CHECK(otc_sinkhorn_prepare(&good, nullptr, 1, &device, &launch) == kBad);
  CHECK(otc_sinkhorn_prepare(&good, &order, -1, &device, &launch) == kBad);
  const otc_device none{0, 227 << 10, 228 << 10};
  CHECK(otc_sinkhorn_prepare(&good, &order, 1, &none, &launch) == kBad);
}

TEST(a_workspace_that_int64_cannot_count_is_refused) {
  std::vector<otc_cost_task> tasks(1 << 14);
  for (otc_cost_task& task : tasks) {
    task.x = task.y = task.cost = somewhere();
    task.n = task.m = 1 << 18;
    task.d = 1 << 30;
  }
  otc_launch launch;
  CHECK(otc_cost_prepare(tasks.data(), 1, &launch) == 0);
  CHECK(otc_cost_prepare(tasks.data(), 1 << 14, &launch) == kBad);
}

TEST(launchers_refuse_null_where_there_is_something_to_do) {
  const otc_launch launch = one_task(0), working = one_task(256);
  CHECK(otc_scan(nullptr, somewhere<otc_scan_report>(), &launch, nullptr) == kBad);
  CHECK(otc_scan(somewhere<otc_scan_task>(), nullptr, &launch, nullptr) == kBad);
  CHECK(otc_indices(nullptr, &launch, nullptr) == kBad);
  CHECK(otc_indices(somewhere<otc_index_task>(), nullptr, nullptr) == kBad);
  CHECK(otc_features(nullptr, &launch, nullptr) == kBad);
  CHECK(otc_normalization(nullptr, &launch, nullptr) == kBad);
  CHECK(otc_importance(somewhere<otc_importance_task>(), &working, nullptr, nullptr) == kBad);
  CHECK(otc_cost_direct(nullptr, &launch, nullptr) == kBad);
  CHECK(otc_cost_center(somewhere<otc_cost_task>(), &working, nullptr, nullptr) == kBad);
  CHECK(otc_cost_finish(somewhere<otc_cost_task>(), &working, nullptr, nullptr) == kBad);
  CHECK(otc_maps(somewhere<otc_map_task>(), &working, nullptr, nullptr) == kBad);
  CHECK(otc_average(nullptr, &launch, nullptr) == kBad);
  const auto* problems = somewhere<otc_sinkhorn_task>();
  int32_t* order = somewhere<int32_t>();
  otc_report* reports = somewhere<otc_report>();
  CHECK(otc_sinkhorn(nullptr, order, reports, &launch, nullptr, nullptr) == kBad);
  CHECK(otc_sinkhorn(problems, nullptr, reports, &launch, nullptr, nullptr) == kBad);
  CHECK(otc_sinkhorn(problems, order, nullptr, &launch, nullptr, nullptr) == kBad);
  CHECK(otc_sinkhorn(problems, order, reports, &working, nullptr, nullptr) == kBad);
}

}  // namespace
