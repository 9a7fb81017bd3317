// What the C interface refuses: arguments that do not fit together, whatever their size.
#include <atomic>
#include <functional>
#include <limits>
#include <thread>

#include "check.h"
#include "gate.h"
#include "network.h"

using check::Floats;

namespace {

constexpr int32_t kMost = std::numeric_limits<int32_t>::max();

TEST(productsAndSumsOfSizesBeyond64BitsAreRefused) {
  check::Engine engine;
  float value = 0;
  otf_segment large{OTF_IDENTITY, 1 << 30, 1 << 30, 1, nullptr, nullptr};
  otf_segment sixteen{OTF_IDENTITY, 16, 16, 1, nullptr, nullptr};
  otf_segment blocks{OTF_IDENTITY, kMost, kMost, kMost, nullptr, nullptr};
  otf_segment several[] = {large, large, large};
  otf_axis product[] = {{&large, 1}, {&large, 1}, {&sixteen, 1}};
  otf_axis wide[] = {{&blocks, 1}};
  otf_axis sum[] = {{several, 3}};
  struct Case {
    const otf_axis* axes;
    int rank;
  };
  for (Case c : {Case{product, 3}, Case{product, 2}, Case{wide, 1}, Case{sum, 1}}) {
    // 2^30 * 2^30 * 16 is 0 in 64 bits; 2^60 floats are as many as there may be.
    for (int64_t length : {int64_t{0}, int64_t{1}, int64_t{1} << 32}) {
      otf_source source{&value, c.axes, c.rank, 1.0f};
      otf_average_task average{&value, &source, 1, length};
      CHECK(otf_average(engine, &average, 1) == OTF_INVALID_ARGUMENT);
    }
    otf_feature_task features{&value, c.axes, nullptr, &value, c.rank, 0, 0, 1, 1, 0};
    CHECK(otf_features(engine, &features, 1) == OTF_INVALID_ARGUMENT);
  }
  float* memory = &value;
  for (int64_t length : {int64_t{1} << 61, int64_t{1} << 62, std::numeric_limits<int64_t>::max()}) {
    CHECK(otf_allocate(length, &memory) == OTF_OUT_OF_MEMORY && memory == nullptr);
  }
  CHECK(otf_allocate(-1, &memory) == OTF_INVALID_ARGUMENT);
}

TEST(sizesOfMatricesOutOfRangeAreRefused) {
  check::Engine engine;
  float value = 0;
  int32_t index = 0;
  otf_report report{};
  for (int32_t bad : {-1, std::numeric_limits<int32_t>::min(), kMost}) {
    otf_cost_task cost{&value, &value, &value, 1, bad, 1, OTF_EUCLIDEAN};
    CHECK(otf_cost(engine, &cost, 1) == OTF_INVALID_ARGUMENT);
    otf_assign_task assign{&value, nullptr, &index, bad};
    CHECK(otf_assign(engine, &assign, &report, 1) == OTF_INVALID_ARGUMENT);
    otf_transport_task transport{&value, &value, &value, nullptr, &value, bad, 1};
    CHECK(otf_transport(engine, &transport, &report, 1) == OTF_INVALID_ARGUMENT);
    otf_map_task maps{&value, &value, &value, 1, bad};
    CHECK(otf_maps(engine, &maps, 1) == OTF_INVALID_ARGUMENT);
    otf_sinkhorn_task sinkhorn{&value, &value, &value, &value, &value, &value, 1, bad, 1, 1, 1, 0, 1, 0};
    CHECK(otf_sinkhorn(engine, &sinkhorn, &report, 1) == OTF_INVALID_ARGUMENT);
  }
  otf_cost_task none{nullptr, nullptr, nullptr, 0, 0, 0, OTF_EUCLIDEAN};
  CHECK(otf_cost(engine, &none, 1) == OTF_OK);
  CHECK(otf_cost(engine, nullptr, 1) == OTF_INVALID_ARGUMENT);
  CHECK(otf_cost(engine, &none, -1) == OTF_INVALID_ARGUMENT);
  CHECK(otf_cost(nullptr, &none, 1) == OTF_INVALID_ARGUMENT);
}

// A program that is right, with every struct where it can be changed.
struct Program {
  check::Network network = check::mlp({3, 4, 5, 2});
  otf_program p = network.program();
  std::vector<otf_step> steps{p.steps, p.steps + p.step_count};
  std::vector<otf_part> parts{p.parts, p.parts + p.part_count};
  std::vector<int32_t> sizes{p.group_sizes, p.group_sizes + p.group_count};
  std::vector<double> weights{p.weights, p.weights + p.models};
  otf_block block = steps[1].blocks[0];
  std::vector<otf_part_axis> axes{block.weights.axes, block.weights.axes + block.weights.rank};
  std::vector<otf_part_segment> segments{axes[0].segments, axes[0].segments + axes[0].count};

  Program() {
    p.steps = steps.data();
    p.parts = parts.data();
    p.group_sizes = sizes.data();
    p.weights = weights.data();
    axes[0].segments = segments.data();
    block.weights.axes = axes.data();
    steps[1].blocks = &block;
  }
};

TEST(programsThatDoNotFitTogetherAreRefused) {
  check::Engine engine;
  constexpr int64_t kFar = std::numeric_limits<int64_t>::max();
  const std::vector<std::function<void(Program&)>> changes{
      [](Program& c) { c.p.length = -1; },
      [](Program& c) { c.p.length = kFar; },
      [](Program& c) { c.p.length++; },
      [](Program& c) { c.p.models = 1; },
      [](Program& c) { c.p.weights = nullptr; },
      [](Program& c) { c.weights[0] = std::numeric_limits<double>::quiet_NaN(); },
      [](Program& c) { c.weights[1] = 1e300; },
      [](Program& c) { c.weights = {0, 0}; c.p.weights = c.weights.data(); },
      [](Program& c) { c.p.anchor = 2; },
      [](Program& c) { c.p.anchor = -1; },
      [](Program& c) { c.p.group_sizes = nullptr; },
      [](Program& c) { c.p.group_count = -1; },
      [](Program& c) { c.p.group_count = 1; },
      [](Program& c) { c.sizes[1] = -5; },
      [](Program& c) { c.sizes[1] = kMost; },
      [](Program& c) { c.p.steps = nullptr; },
      [](Program& c) { c.p.step_count = -1; },
      [](Program& c) { c.p.parts = nullptr; },
      [](Program& c) { c.p.part_count = -1; },
      [](Program& c) { c.p.part_count--; },
      [](Program& c) { c.parts[0] = c.parts[1]; },
      [](Program& c) { c.parts[1].offset++; },
      [](Program& c) { c.parts[1].offset = kFar; },
      [](Program& c) { c.parts[1].offset = -1; },
      [](Program& c) { c.parts[1].axes = nullptr; },
      [](Program& c) { c.parts[1].rank = -1; },
      [](Program& c) { c.p.metric = 3; },
      [](Program& c) { c.p.marginals = 3; },
      [](Program& c) { c.p.exact = 0; },  // no settings
      [](Program& c) { c.steps[1].group = 0; },
      [](Program& c) { c.steps[1].group = 2; },
      [](Program& c) { c.steps[1].group = -1; },
      [](Program& c) { c.steps[1].columns++; },
      [](Program& c) { c.steps[1].blocks = nullptr; },
      [](Program& c) { c.steps[1].block_count = -1; },
      [](Program& c) { c.steps[1].producers = nullptr; },
      [](Program& c) { c.steps[1].producer_count = kMost; c.steps[1].producers = nullptr; },
      [](Program& c) { c.block.output_axis = 3; },
      [](Program& c) { c.block.output_axis = -1; },
      [](Program& c) { c.block.first_row = 1; },
      [](Program& c) { c.block.first_row = kMost; },
      [](Program& c) { c.block.first_row = -1; },
      [](Program& c) { c.block.bias = kFar; },
      [](Program& c) { c.block.bias = -2; },
      [](Program& c) { c.block.bias = c.p.length - 4; },
      [](Program& c) { c.block.gamma = 0; },  // beta, mean and variance are missing
      [](Program& c) { c.block.beta = 0; },
      [](Program& c) {
        c.block.gamma = c.block.beta = c.block.mean = c.block.variance = 0;
        c.block.epsilon = std::numeric_limits<double>::infinity();
      },
      [](Program& c) { c.block.weights.offset = kFar - 3; },
      [](Program& c) { c.block.weights.rank = 0; },
      [](Program& c) { c.block.weights.axes = nullptr; },
      [](Program& c) { c.axes[0].segments = nullptr; },
      [](Program& c) { c.axes[0].count = 0; },
      [](Program& c) { c.axes[0].count = -1; },
      [](Program& c) { c.segments[0].size = -1; },
      [](Program& c) { c.segments[0].size = kMost; },
      [](Program& c) { c.segments[0] = {-1, 1, kMost}; },
      [](Program& c) { c.segments[0].block = 0; },
      [](Program& c) { c.segments[0].block = kMost; },
      [](Program& c) { c.segments[0].group = 2; },
      [](Program& c) { c.segments[0].group = -2; },
  };
  int number = 0;
  for (const auto& change : changes) {
    Program c;
    otf_fusion* fusion = nullptr;
    CHECK(otf_fusion_create(engine, &c.p, &fusion) == OTF_OK);
    otf_fusion_destroy(fusion);
    change(c);
    int32_t status = otf_fusion_create(engine, &c.p, &fusion);
    check::report(status == OTF_INVALID_ARGUMENT && fusion == nullptr, __FILE__, number,
                  "change of this number, from 0: status " + std::to_string(status));
    number++;
    otf_fusion_destroy(fusion);
  }
}

TEST(groupsTooLargeForAnyMemoryAreRefusedAsThat) {
  check::Engine engine;
  Program c;
  c.sizes.push_back(kMost - 1);
  c.p.group_sizes = c.sizes.data();
  c.p.group_count = 3;
  otf_part_segment segments[] = {{2, 1, kMost - 1}, {-1, 1, 0}};
  otf_part_axis axes[] = {{&segments[0], 1, 0}, {&segments[1], 1, 1}};
  otf_block block{{0, axes, 2}, 0, 0, -1, -1, -1, -1, -1, 0};
  c.steps.push_back({&block, nullptr, 1, 0, 2, 0});
  c.p.steps = c.steps.data();
  c.p.step_count = 3;
  otf_fusion* fusion = nullptr;
  CHECK(otf_fusion_create(engine, &c.p, &fusion) == OTF_OUT_OF_MEMORY);
  CHECK(fusion == nullptr);
}

TEST(emptyGroupsAreFused) {
  check::Engine engine;
  for (int exact : {1, 0}) {
    otf_part_segment segments[] = {{0, 1, 0}, {-1, 1, 3}};
    otf_part_axis axes[] = {{&segments[0], 1, 0}, {&segments[1], 1, 1}};
    otf_part weights{0, axes, 2};
    otf_part rest{0, &axes[1], 1};
    otf_block block{weights, 0, 0, -1, -1, -1, -1, -1, 0};
    otf_step step{&block, &block, 1, 1, 0, 3};
    Program c;
    c.p.length = 3;
    c.sizes[0] = 0;
    c.p.group_count = 1;
    c.p.steps = &step;
    c.p.step_count = 1;
    c.p.exact = exact;
    c.p.epsilon = c.p.tau = 1;
    c.p.max_iterations = 5;
    otf_part parts[] = {weights, rest};
    c.p.parts = parts;
    c.p.part_count = 2;
    otf_fusion* fusion = nullptr;
    CHECK(otf_fusion_create(engine, &c.p, &fusion) == OTF_OK);
    Floats x{1, 2, 3};
    Floats y{3, 4, 5};
    check::Output out(3);
    CHECK(otf_fusion_set_model(fusion, 0, x.data()) == OTF_OK);
    CHECK(otf_fusion_run(fusion, out.data()) == OTF_INVALID_ARGUMENT);  // one is missing
    CHECK(otf_fusion_set_model(fusion, 1, y.data()) == OTF_OK);
    CHECK(otf_fusion_set_model(fusion, 2, y.data()) == OTF_INVALID_ARGUMENT);
    CHECK(otf_fusion_set_model(fusion, -1, y.data()) == OTF_INVALID_ARGUMENT);
    CHECK(otf_fusion_run(fusion, out.data()) == OTF_OK);
    CHECK(out[0] == 2 && out[1] == 3 && out[2] == 4);
    otf_fusion_destroy(fusion);
  }
}

TEST(aGateClosesAfterAllThreadsInsideHaveLeft) {
  for (int round = 0; round < 20; round++) {
    otf::Gate gate;
    std::atomic<int> entered{0};
    std::atomic<int> left{0};
    std::atomic<int> refused{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; t++) {
      threads.emplace_back([&] {
        CHECK(gate.enter());
        entered++;
        while (gate.enter()) gate.leave();  // until it closes
        refused++;
        left++;
        gate.leave();
      });
    }
    while (entered < 4) std::this_thread::yield();
    gate.close();
    CHECK(left == 4 && refused == 4);
    CHECK(!gate.enter());
    for (std::thread& thread : threads) thread.join();
  }
}

TEST(aFusionMayGoAfterItsEngineAndThenRefusesToRun) {
  Program c;
  otf_engine* engine = nullptr;
  CHECK(otf_engine_create(2, check::isa, &engine) == OTF_OK);
  otf_fusion* fusion = nullptr;
  CHECK(otf_fusion_create(engine, &c.p, &fusion) == OTF_OK);
  otf_engine_destroy(engine);
  std::mt19937 random(42);
  Floats x = c.network.weights(random);
  check::Output out(c.network.length());
  CHECK(otf_fusion_set_model(fusion, 0, x.data()) == OTF_OK);
  CHECK(otf_fusion_set_model(fusion, 1, x.data()) == OTF_OK);
  CHECK(otf_fusion_run(fusion, out.data()) == OTF_INVALID_ARGUMENT);
  CHECK(std::string(otf_last_error()) == "the engine is destroyed");
  otf_fusion_destroy(fusion);
  otf_engine_destroy(nullptr);
  otf_fusion_destroy(nullptr);
}

}  // namespace
