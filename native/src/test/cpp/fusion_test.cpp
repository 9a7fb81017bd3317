// Whole prepared fusions, and the memory that they take.
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <new>

#include "check.h"
#include "network.h"

// Everything that the engine allocates goes through the operators below.
namespace {

constexpr size_t kHeader = 64;
std::atomic<int64_t> current{0};
std::atomic<int64_t> most{0};

// A block whose size is written in front of it.
void* counted(size_t bytes) noexcept {
  size_t size = (bytes + 2 * kHeader - 1) / kHeader * kHeader;
  void* memory = std::aligned_alloc(kHeader, size);
  if (memory == nullptr) return nullptr;
  *static_cast<size_t*>(memory) = size;
  int64_t now = current += static_cast<int64_t>(size);
  int64_t before = most;
  while (now > before && !most.compare_exchange_weak(before, now)) {
  }
  return static_cast<char*>(memory) + kHeader;
}

void discard(void* values) noexcept {
  if (values == nullptr) return;
  void* memory = static_cast<char*>(values) - kHeader;
  current -= static_cast<int64_t>(*static_cast<size_t*>(memory));
  std::free(memory);
}

}  // namespace

void* operator new(size_t bytes) {
  void* values = counted(bytes);
  if (values == nullptr) throw std::bad_alloc();
  return values;
}
void* operator new(size_t bytes, const std::nothrow_t&) noexcept { return counted(bytes); }
void* operator new(size_t bytes, std::align_val_t) { return operator new(bytes); }
void* operator new(size_t bytes, std::align_val_t, const std::nothrow_t&) noexcept {
  return counted(bytes);
}
void operator delete(void* values) noexcept { discard(values); }
void operator delete(void* values, size_t) noexcept { discard(values); }
void operator delete(void* values, std::align_val_t) noexcept { discard(values); }
void operator delete(void* values, size_t, std::align_val_t) noexcept { discard(values); }

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

Floats fuse(Network& network, const Floats& x, const Floats& y, int threads, bool exact) {
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
  Floats out = check::poisoned(static_cast<int64_t>(x.size()));
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
    Floats out = fuse(network, x, y, 2, true);
    for (size_t i = 0; i < y.size(); i++) CHECK_NEAR(out[i], y[i], 1e-6);
  }
}

TEST(fusionsDoNotDependOnThreads) {
  std::mt19937 random(2);
  for (bool exact : {true, false}) {
    for (Network& network : samples()) {
      Floats x = network.weights(random);
      Floats y = network.weights(random);
      Floats alone = fuse(network, x, y, 1, exact);
      CHECK(fuse(network, x, y, 2, exact) == alone);
      CHECK(fuse(network, x, y, 5, exact) == alone);
    }
  }
}

// The bytes that preparing and running a fusion takes at most, the engine's own included.
int64_t peak(Network network, bool exact, int threads) {
  std::mt19937 random(3);
  Floats x = network.weights(random);
  Floats y = network.weights(random);
  int64_t before = current;
  int64_t output = static_cast<int64_t>(x.size() * sizeof(float));
  most = before;
  fuse(network, x, y, threads, exact);
  return most - before - output;
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
