// Whole prepared fusions, and the memory that they take.
#include <cmath>
#include <limits>
#include <utility>

#include "check.h"
#include "memory.h"
#include "network.h"

namespace {

using check::Floats;
using check::Network;

// Networks with everything that a layer can have.
std::vector<Network> samples() {
  std::vector<Network> networks;
  networks.push_back(check::mlp({20, 33, 17, 10}));
  networks.push_back(Network(3).layer(16, 9, false, false).layer(31, 9, true, true));
  networks.back().layer(33, 25, false, true).layer(40, 1, true, false, 49).layer(10, 1, true, false);
  return networks;
}

check::Output fuse(Network& network, const Floats& x, const Floats& y, int threads, bool exact) {
  check::Engine engine(threads);
  otf_program program = network.program();
  program.exact = exact ? 1 : 0;
  program.epsilon = 0.01;
  program.tolerance = 1e-4;
  program.tau = INFINITY;
  program.max_iterations = 200;
  otf_fusion* fusion = nullptr;
  CHECK(otf_fusion_create(engine, &program, &fusion) == OTF_OK);
  CHECK(otf_fusion_set_model(fusion, 0, x.data()) == OTF_OK);
  CHECK(otf_fusion_set_model(fusion, 1, y.data()) == OTF_OK);
  check::Output out(static_cast<int64_t>(x.size()));
  CHECK(otf_fusion_run(fusion, out.data()) == OTF_OK);
  otf_fusion_destroy(fusion);
  return out;
}

TEST(fusingWithAShuffledCopyGivesTheNetworkBack) {
  std::mt19937 random(1);
  for (Network& network : samples()) {
    Floats y = network.weights(random);
    Floats x = network.shuffled(y, random);
    CHECK(x != y);
    check::Output out = fuse(network, x, y, 2, true);
    for (size_t i = 0; i < y.size(); i++) CHECK_NEAR(out[i], y[i], 1e-6);
  }
}

TEST(fusionsDoNotDependOnThreads) {
  std::mt19937 random(2);
  for (bool exact : {true, false}) {
    for (Network& network : samples()) {
      Floats x = network.weights(random);
      Floats y = network.weights(random);
      check::Output alone = fuse(network, x, y, 1, exact);
      CHECK(fuse(network, x, y, 2, exact) == alone);
      CHECK(fuse(network, x, y, 5, exact) == alone);
    }
  }
}

// A prepared fusion of two small models that is run again and again.
struct Prepared {
  Prepared(otf_engine* engine, Network& network, int exact, int marginals) {
    otf_program program = network.program();
    program.exact = exact;
    program.marginals = marginals;
    program.epsilon = 0.05;
    program.tolerance = 1e-3;
    program.tau = std::numeric_limits<double>::infinity();
    program.max_iterations = 100;
    program.warm_start = 0;
    CHECK(otf_fusion_create(engine, &program, &fusion) == OTF_OK);
  }
  ~Prepared() { otf_fusion_destroy(fusion); }

  int32_t run(const Floats& x, const Floats& y, check::Output& out) {
    CHECK(otf_fusion_set_model(fusion, 0, x.data()) == OTF_OK);
    CHECK(otf_fusion_set_model(fusion, 1, y.data()) == OTF_OK);
    return otf_fusion_run(fusion, out.data());
  }

  otf_fusion* fusion = nullptr;
};

TEST(weightsThatAreNotFiniteAreRefusedWhereverTheyStand) {
  std::mt19937 random(4);
  check::Engine engine;
  Network network(3);
  network.layer(9, 4, true, true).layer(7, 1, true, false).layer(5, 1, true, false);
  for (int exact : {1, 0}) {
    for (int marginals : {0, 1, 2}) {
      Prepared prepared(engine, network, exact, marginals);
      Floats x = network.weights(random);
      Floats y = network.weights(random);
      check::Output good(network.length()), out(network.length());
      CHECK(prepared.run(x, y, good) == OTF_OK);
      for (size_t i = 0; i < x.size(); i += marginals == 0 ? 1 : 5) {
        for (float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
          Floats& model = i % 2 == 0 ? x : y;
          float kept = std::exchange(model[i], bad);
          CHECK(prepared.run(x, y, out) == OTF_OUT_OF_RANGE);
          model[i] = kept;
        }
      }
      CHECK(prepared.run(x, y, out) == OTF_OK);
      CHECK(out == good);
    }
  }
}

TEST(featuresBeyondTheRangeOfTheFastPathAreRefusedAndZerosAreNot) {
  std::mt19937 random(5);
  check::Engine engine;
  Network network = check::mlp({6, 8, 4});
  Prepared prepared(engine, network, 1, 0);
  Floats y = network.weights(random);
  check::Output out(network.length());
  auto status = [&](float factor, bool whole) {
    Floats x = y;
    Floats z = y;
    size_t count = whole ? x.size() - 4 * 9 : 1;  // the first layer's, or one of them
    for (size_t i = 0; i < count; i++) x[i] *= factor;
    for (size_t i = 0; i < count && whole; i++) z[i] *= factor;
    return prepared.run(x, z, out);
  };
  for (float factor : {1e20f, 0x1p70f}) {
    CHECK(status(factor, false) == OTF_OUT_OF_RANGE);
    CHECK(status(factor, true) == OTF_OUT_OF_RANGE);
  }
  CHECK(status(1e-25f, true) == OTF_OUT_OF_RANGE);
  CHECK(status(1e-25f, false) == OTF_OK);
  CHECK(status(0x1p-40f, true) == OTF_OK);
  CHECK(status(0x1p40f, true) == OTF_OK);
  CHECK(status(0, true) == OTF_OK);
  Floats x = y;
  x.back() = 1e20f;  // no feature of any group
  CHECK(prepared.run(x, y, out) == OTF_OK);
}

TEST(aModelWithoutWeightIsLookedAtToo) {
  std::mt19937 random(6);
  check::Engine engine;
  Network network = check::mlp({6, 8, 4});
  otf_program program = network.program();
  const double weights[] = {1, 0};
  program.weights = weights;
  otf_fusion* fusion = nullptr;
  CHECK(otf_fusion_create(engine, &program, &fusion) == OTF_OK);
  Floats x = network.weights(random);
  Floats y = network.weights(random);
  check::Output out(network.length());
  CHECK(otf_fusion_set_model(fusion, 0, x.data()) == OTF_OK);
  CHECK(otf_fusion_set_model(fusion, 1, y.data()) == OTF_OK);
  CHECK(otf_fusion_run(fusion, out.data()) == OTF_OK);
  y.back() = std::numeric_limits<float>::quiet_NaN();
  CHECK(otf_fusion_run(fusion, out.data()) == OTF_OUT_OF_RANGE);
  otf_fusion_destroy(fusion);
}

// A write past a tensor falls into its neighbour, which one of the two orders has written before.
TEST(tensorsSideBySideAreWrittenInAnyOrderWithTheSameBits) {
  std::mt19937 random(7);
  check::Engine engine;
  for (bool exact : {true, false}) {
    for (Network& network : samples()) {
      Floats x = network.weights(random);
      Floats y = network.weights(random);
      otf_program program = network.program();
      program.exact = exact ? 1 : 0;
      program.epsilon = 0.05;
      program.tau = std::numeric_limits<double>::infinity();
      program.max_iterations = 20;
      std::vector<otf_part> parts(program.parts, program.parts + program.part_count);
      program.parts = parts.data();
      std::vector<check::Output> outputs;
      for (bool backwards : {false, true}) {
        if (backwards) std::reverse(parts.begin(), parts.end());
        check::Output out(network.length());
        otf_fusion* fusion = nullptr;
        CHECK(otf_fusion_create(engine, &program, &fusion) == OTF_OK);
        CHECK(otf_fusion_set_model(fusion, 0, x.data()) == OTF_OK);
        CHECK(otf_fusion_set_model(fusion, 1, y.data()) == OTF_OK);
        CHECK(otf_fusion_run(fusion, out.data()) == OTF_OK);
        otf_fusion_destroy(fusion);
        outputs.push_back(out);
      }
      CHECK(outputs[0] == outputs[1]);
    }
  }
}

// The bytes that preparing and running a fusion takes at most, the engine's own included.
int64_t peak(Network network, bool exact, int threads) {
  std::mt19937 random(3);
  Floats x = network.weights(random);
  Floats y = network.weights(random);
  int64_t before = check::memory_in_use();
  int64_t output = static_cast<int64_t>(x.size() * sizeof(float));
  check::forget_peak();
  fuse(network, x, y, threads, exact);
  return check::memory_peak() - before - output;
}

constexpr int64_t kMegabyte = 1 << 20;

TEST(memoryIsTwoCostMatricesAndStripsOfFeatures) {
  int64_t mlp = peak(check::mlp({3072, 1024, 1024, 10}), true, 2);
  std::printf("     3072-1024-1024-10 MLP: %.1f MB\n", 1e-6 * static_cast<double>(mlp));
  CHECK(mlp <= 2 * 4 * 1024 * 1024 + 4 * kMegabyte);
  int64_t vgg = peak(check::vgg11(), true, 2);
  std::printf("     VGG11: %.1f MB\n", 1e-6 * static_cast<double>(vgg));
  CHECK(vgg <= 2 * 4 * 512 * 512 + 4 * kMegabyte);
}

TEST(memoryDoesNotGrowWithLayersOrInputs) {
  Network shallow = check::mlp({256, 256, 256, 10});
  Network deep = check::mlp({256, 256, 256, 256, 256, 256, 256, 256, 10});
  Network wide = check::mlp({8192, 256, 256, 10});
  int64_t hard = peak(shallow, true, 1);
  CHECK(peak(deep, true, 1) <= hard + kMegabyte / 10);
  CHECK(peak(wide, true, 1) <= hard + kMegabyte / 10);
  int64_t soft = peak(shallow, false, 1);
  CHECK(peak(deep, false, 1) <= soft + kMegabyte / 10);
  CHECK(peak(wide, false, 1) <= soft + 5 * kMegabyte);  // a slab of a million floats
}

}  // namespace
