// Launches: checks what a device would refuse, then runs the grid's blocks.
#include <algorithm>
#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "block.h"
#include "emulator/runtime.h"
#include "otfuse_emulator.h"
#include "report.h"

namespace emulator {
namespace {

constexpr size_t default_shared = 48 * 1024;
constexpr size_t most_shared = 227 * 1024;
constexpr size_t shared_per_multiprocessor = 228 * 1024;
constexpr size_t reserved_shared = 1024;
constexpr int threads_per_multiprocessor = 2048;
constexpr int blocks_per_multiprocessor = 32;
constexpr int multiprocessors = 4;

// Rounds in which all resident blocks did nothing but poll, before they count as stuck.
constexpr int most_idle_rounds = 200;

uint64_t seed = 0;
uint64_t launches = 0;
cudaError_t last_error = cudaSuccess;
std::map<const void*, size_t> shared_limits;

cudaError_t fail(cudaError_t error) { return last_error = error; }

// The kernel's name is what stands before the first comma outside of angle brackets.
std::string kernel_name(std::string_view call) {
  int depth = 0;
  size_t end = 0;
  for (; end < call.size() && (call[end] != ',' || depth > 0); end++) depth += (call[end] == '<') - (call[end] == '>');
  return std::string(call.substr(0, end));
}

void run_grid(Grid& grid) {
  const unsigned count = grid.blocks.x * grid.blocks.y * grid.blocks.z;
  std::vector<unsigned> order(count);
  std::iota(order.begin(), order.end(), 0u);
  if (grid.schedule.order() == Order::backward) std::reverse(order.begin(), order.end());
  if (grid.schedule.random()) {
    for (unsigned i = count; i > 1; i--) std::swap(order[i - 1], order[grid.schedule.below(i)]);
  }
  // Blocks of an ordinary grid may, but need not, be resident together.
  const unsigned resident = grid.cooperative ? count : std::min(count, grid.schedule.random() ? 3u : 1u);
  const size_t threads = grid.threads.x * grid.threads.y * grid.threads.z;
  std::vector<std::unique_ptr<Block>> blocks;
  unsigned next = 0;
  for (; next < resident; next++) {
    blocks.push_back(std::make_unique<Block>(grid, next * threads));
    blocks.back()->start(order[next]);
  }
  int idle = 0;
  while (!blocks.empty()) {
    const uint64_t before = grid.progress;
    for (size_t turns = blocks.size(); turns > 0 && !blocks.empty(); turns--) {
      const size_t at = grid.schedule.random() ? grid.schedule.below(static_cast<uint32_t>(blocks.size())) : turns - 1;
      if (at >= blocks.size()) continue;
      Block& block = *blocks[at];
      if (!block.wake()) {
        report("deadlock: " + block.waiting());
        grid.aborted = true;
        return;
      }
      block.run();
      if (grid.aborted) return;
      if (!block.finished()) continue;
      if (next < count) {
        block.start(order[next++]);
      } else {
        blocks.erase(blocks.begin() + static_cast<std::ptrdiff_t>(at));
      }
    }
    idle = grid.progress == before ? idle + 1 : 0;
    if (idle > most_idle_rounds) {
      report("deadlock: all threads wait in vain, " + blocks.front()->waiting());
      grid.aborted = true;
      return;
    }
  }
}

}  // namespace

cudaError_t set_attribute(const void* kernel, cudaFuncAttribute attribute, int value) {
  if (attribute != cudaFuncAttributeMaxDynamicSharedMemorySize) return cudaSuccess;
  if (value < 0 || static_cast<size_t>(value) > most_shared) return fail(cudaErrorInvalidValue);
  shared_limits[kernel] = static_cast<size_t>(value);
  return cudaSuccess;
}

cudaError_t occupancy(int* blocks, int threads, size_t dynamic_shared) {
  if (threads <= 0 || threads > 1024) return fail(cudaErrorInvalidValue);
  const size_t by_shared = shared_per_multiprocessor / (dynamic_shared + reserved_shared);
  *blocks = std::min({blocks_per_multiprocessor, threads_per_multiprocessor / ((threads + 31) / 32 * 32),
                      static_cast<int>(by_shared)});
  return cudaSuccess;
}

cudaError_t launch(const cudaLaunchConfig_t& config, const void* kernel, std::string_view call,
                   std::function<void()> thread) {
  const dim3 &blocks = config.gridDim, &threads = config.blockDim;
  const uint64_t per_block = static_cast<uint64_t>(threads.x) * threads.y * threads.z;
  if (blocks.x == 0 || blocks.y == 0 || blocks.z == 0 || blocks.x > 2147483647u || blocks.y > 65535 || blocks.z > 65535 ||
      per_block == 0 || per_block > 1024 || threads.z > 64) {
    return fail(cudaErrorInvalidConfiguration);
  }
  const auto limit = shared_limits.find(kernel);
  const size_t allowed = std::max(default_shared, limit == shared_limits.end() ? 0 : limit->second);
  if (config.dynamicSmemBytes > allowed) return fail(cudaErrorInvalidValue);

  Grid grid;
  grid.kernel = kernel_name(call);
  grid.blocks = blocks;
  grid.threads = threads;
  grid.dynamic_shared = config.dynamicSmemBytes;
  grid.shared_limit = allowed;
  grid.thread = std::move(thread);
  grid.schedule = Schedule(seed + orders * launches++);
  for (unsigned i = 0; i < config.numAttrs; i++) {
    const cudaLaunchAttribute& attribute = config.attrs[i];
    if (attribute.id == cudaLaunchAttributeCooperative) {
      grid.cooperative = attribute.val.cooperative != 0;
    } else if (attribute.id == cudaLaunchAttributeClusterDimension) {
      return fail(cudaErrorNotSupported);
    }
  }
  if (grid.cooperative) {
    int fit = 0;
    occupancy(&fit, static_cast<int>(per_block), config.dynamicSmemBytes);
    const uint64_t count = static_cast<uint64_t>(blocks.x) * blocks.y * blocks.z;
    if (count > static_cast<uint64_t>(fit) * multiprocessors) return fail(cudaErrorCooperativeLaunchTooLarge);
  }
  run_grid(grid);
  return grid.aborted ? fail(cudaErrorLaunchFailure) : cudaSuccess;
}

}  // namespace emulator

const char* cudaGetErrorName(cudaError_t error) {
  switch (error) {
#define NAME(name) \
  case name:       \
    return #name;
    NAME(cudaSuccess)
    NAME(cudaErrorInvalidValue)
    NAME(cudaErrorMemoryAllocation)
    NAME(cudaErrorInvalidConfiguration)
    NAME(cudaErrorInvalidMemcpyDirection)
    NAME(cudaErrorInvalidDeviceFunction)
    NAME(cudaErrorNoDevice)
    NAME(cudaErrorInvalidDevice)
    NAME(cudaErrorInvalidResourceHandle)
    NAME(cudaErrorNotReady)
    NAME(cudaErrorLaunchOutOfResources)
    NAME(cudaErrorLaunchFailure)
    NAME(cudaErrorCooperativeLaunchTooLarge)
    NAME(cudaErrorNotSupported)
    NAME(cudaErrorStreamCaptureUnsupported)
    NAME(cudaErrorStreamCaptureInvalidated)
    NAME(cudaErrorStreamCaptureUnmatched)
    NAME(cudaErrorStreamCaptureUnjoined)
    NAME(cudaErrorUnknown)
#undef NAME
  }
  return "unrecognized error code";
}

const char* cudaGetErrorString(cudaError_t error) { return cudaGetErrorName(error); }

cudaError_t cudaGetLastError() { return std::exchange(emulator::last_error, cudaSuccess); }
cudaError_t cudaPeekAtLastError() { return emulator::last_error; }

extern "C" void ote_seed(uint64_t seed) {
  emulator::seed = seed;
  emulator::launches = 0;
}

extern "C" int ote_reports() { return static_cast<int>(emulator::reports().size()); }
extern "C" const char* ote_report(int index) {
  const auto& all = emulator::reports();
  return index >= 0 && static_cast<size_t>(index) < all.size() ? all[static_cast<size_t>(index)].c_str() : "";
}
extern "C" void ote_forget() {
  emulator::reports().clear();
  emulator::last_error = cudaSuccess;
}
