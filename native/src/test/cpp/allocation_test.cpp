// Every allocation of every entry point fails once: the call says so, leaks nothing and leaves the
// engine as good as new.
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include "check.h"
#include "memory.h"
#include "network.h"

using check::Floats;

namespace {

// A call, and what it has written.
struct Call {
  const char* name;
  std::function<int32_t()> make;
  std::function<std::vector<float>()> result;
};

// Fails the first allocation, the second and so on, until the call no longer comes that far. Before
// each `again` gives back all that the calls hold, so that what leaks is seen. A temporary buffer that
// sorting can do without may fail unseen.
void fail_each(const Call& call, const std::function<void()>& again) {
  CHECK(call.make() == OTF_OK);
  std::vector<float> expected = call.result();
  again();
  const int64_t before = check::memory_in_use();
  for (int64_t number = 1;; number++) {
    bool same = check::memory_in_use() == before;  // before CHECK takes memory itself
    CHECK(same);
    check::fail_allocation(number);
    int32_t status = call.make();
    bool reached = check::allocations() >= number;
    check::fail_allocation(0);
    if (!reached) {
      CHECK(status == OTF_OK);
      std::printf("     %s: %d allocations\n", call.name, static_cast<int>(number - 1));
      break;
    }
    check::report(status == OTF_OUT_OF_MEMORY || status == OTF_OK, call.name, static_cast<int>(number),
                  "status " + std::to_string(status));
    CHECK(status == OTF_OK || std::string(otf_last_error()).find("out of memory") == 0);
    if (status == OTF_OK) CHECK(call.result() == expected);
    CHECK(call.make() == OTF_OK);
    CHECK(call.result() == expected);
    again();
  }
}

// Batches of two sizes, one worth several threads and one not, on an engine that is new each time.
class Problems {
 public:
  static constexpr int kFeatures = 40;

  Problems() {
    std::mt19937 random(50);
    for (int n : {20, 260}) {
      x.push_back(check::uniform(random, n * kFeatures));
      y.push_back(check::uniform(random, n * kFeatures));
      std::copy_n(x.back().begin(), kFeatures, y.back().begin() + 2 * kFeatures);
      costs.push_back(check::uniform(random, n * n));
      for (int i = 0; i < n; i++) {  // rows of very different lengths leave many of them free
        for (int j = 0; j < n; j++) costs.back()[i * n + j] *= std::exp(0.05f * float(i % 50));
      }
      masses.push_back(check::marginal(&random, n));
      plans.emplace_back(n * n);
      potentials.emplace_back(2 * n);
      sources.emplace_back(n);
    }
    fresh();
  }
  ~Problems() { otf_engine_destroy(engine); }

  void fresh() {
    otf_engine_destroy(engine);
    CHECK(otf_engine_create(2, check::isa, &engine) == OTF_OK);
  }

  int size(int t) const { return static_cast<int>(masses[t].size()); }

  std::vector<float> written() const {
    std::vector<float> all;
    for (const auto& plan : plans) all.insert(all.end(), plan.begin(), plan.end());
    return all;
  }

  otf_engine* engine = nullptr;
  std::vector<Floats> x, y, costs, masses, plans, potentials;
  std::vector<std::vector<int32_t>> sources;
  otf_report reports[2];
};

TEST(everyAllocationOfCostsAndSolversMayFail) {
  Problems p;
  auto again = [&] { p.fresh(); };
  auto written = [&] { return p.written(); };
  for (int metric : {OTF_EUCLIDEAN, OTF_COSINE}) {
    otf_cost_task tasks[2];
    for (int t : {0, 1}) {
      int n = p.size(t);
      tasks[t] = {p.x[t].data(), p.y[t].data(), p.plans[t].data(), n, n, Problems::kFeatures, metric};
    }
    fail_each({"cost", [&] { return otf_cost(p.engine, tasks, 2); }, written}, again);
  }
  for (double tau : {std::numeric_limits<double>::infinity(), 1.0}) {
    otf_sinkhorn_task tasks[2];
    for (int t : {0, 1}) {
      int n = p.size(t);
      float* f = p.potentials[t].data();
      tasks[t] = {p.costs[t].data(), p.masses[t].data(), p.masses[t].data(), p.plans[t].data(), f,
                  f + n, n, n, 0.1, 1e-3, tau, 0, 4, 0};
    }
    fail_each({"sinkhorn", [&] { return otf_sinkhorn(p.engine, tasks, p.reports, 2); }, written}, again);
  }
  otf_assign_task assign[2];
  otf_transport_task transport[2];
  otf_map_task maps[2];
  std::vector<Floats> targets{Floats(2 * 20 * 20), Floats(2 * 260 * 260)};
  for (int t : {0, 1}) {
    int n = p.size(t);
    assign[t] = {p.costs[t].data(), nullptr, p.sources[t].data(), n};
    // The small one twice: the arcs of a start are many allocations.
    transport[t] = {p.costs[0].data(), p.masses[0].data(), p.masses[0].data(), nullptr,
                    p.plans[t].data(), p.size(0), p.size(0)};
    maps[t] = {p.costs[t].data(), targets[t].data(), targets[t].data() + n * n, n, n};
  }
  fail_each({"assign", [&] { return otf_assign(p.engine, assign, p.reports, 2); },
             [&] { return std::vector<float>(p.sources[1].begin(), p.sources[1].end()); }}, again);
  fail_each({"transport", [&] { return otf_transport(p.engine, transport, p.reports, 2); }, written},
            again);
  fail_each({"maps", [&] { return otf_maps(p.engine, maps, 2); }, [&] { return targets[1]; }}, again);
}

TEST(everyAllocationOfFeaturesAndAveragesMayFail) {
  std::mt19937 random(51);
  Problems p;
  auto again = [&] { p.fresh(); };
  int n = 24;
  std::vector<int32_t> order(n);
  std::iota(order.rbegin(), order.rend(), 0);
  Floats matrix = check::uniform(random, n * n);
  otf_segment hard{OTF_HARD, n, n, 1, order.data(), nullptr};
  otf_segment soft{OTF_SOFT, n, n, 1, nullptr, matrix.data()};
  otf_segment inner{OTF_IDENTITY, 5, 5, 1, nullptr, nullptr};
  otf_axis axes[2][3] = {{{&hard, 1}, {&hard, 1}, {&inner, 1}}, {{&soft, 1}, {&soft, 1}, {&inner, 1}}};
  Floats values = check::uniform(random, n * n * 5);
  Floats target(n * n * 5);
  auto written = [&] { return target; };
  otf_source sources[] = {{values.data(), axes[0], 3, 0.5f}, {values.data(), axes[1], 3, 0.5f}};
  otf_average_task average{target.data(), sources, 2, n * n * 5};
  fail_each({"average", [&] { return otf_average(p.engine, &average, 1); }, written}, again);
  for (int kind : {0, 1}) {
    for (int output : {0, 1}) {
      otf_feature_task features{values.data(), axes[kind], nullptr, target.data(), 3, output, 0, n, n * 5, 0};
      fail_each({"features", [&] { return otf_features(p.engine, &features, 1); }, written}, again);
    }
  }
}

TEST(everyAllocationOfEnginesAndFusionsMayFail) {
  otf_engine* engine = nullptr;
  auto drop = [&] {
    otf_engine_destroy(engine);
    engine = nullptr;
  };
  fail_each({"engine", [&] { drop(); return otf_engine_create(3, check::isa, &engine); },
             [] { return std::vector<float>(); }}, drop);
  float* memory = nullptr;
  auto release = [&] {
    otf_free(memory);
    memory = nullptr;
  };
  fail_each({"memory", [&] { release(); return otf_allocate(1000, &memory); },
             [] { return std::vector<float>(); }}, release);
  release();
  std::mt19937 random(52);
  check::Network network(3);
  network.layer(16, 9, false, true).layer(20, 1, true, false, 4).layer(10, 1, true, false);
  Floats x = network.weights(random);
  Floats y = network.weights(random);
  Floats out(x.size());
  for (int exact : {1, 0}) {
    otf_program program = network.program();
    program.exact = exact;
    program.marginals = exact == 1 ? 0 : 2;
    program.epsilon = program.tau = 0.1;
    program.max_iterations = 10;
    otf_fusion* fusion = nullptr;
    auto make = [&] {
      otf_fusion_destroy(fusion);
      fusion = nullptr;
      int32_t status = otf_fusion_create(engine, &program, &fusion);
      if (status == OTF_OK) status = otf_fusion_set_model(fusion, 0, x.data());
      if (status == OTF_OK) status = otf_fusion_set_model(fusion, 1, y.data());
      if (status != OTF_OK) return status;
      return otf_fusion_run(fusion, out.data());
    };
    fail_each({"fusion", make, [&] { return out; }}, [&] {
      otf_fusion_destroy(fusion);
      fusion = nullptr;
      drop();
      CHECK(otf_engine_create(2, check::isa, &engine) == OTF_OK);
    });
    otf_fusion_destroy(fusion);
  }
  drop();
}

TEST(everyAllocationOfMeasuringTheLimitsMayFail) {
  check::Engine engine;
  otf_limits limits{};
  for (int64_t number = 1; number <= 7; number++) {
    int64_t before = check::memory_in_use();
    check::fail_allocation(number);
    int32_t status = otf_measure_limits(engine, &limits);
    check::fail_allocation(0);
    CHECK(status == OTF_OUT_OF_MEMORY);
    bool same = check::memory_in_use() == before;  // before CHECK takes memory itself
    CHECK(same);
  }
}

}  // namespace
