// Launches: checks what a device would refuse, then runs the grid's blocks.
#include <algorithm>
#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "block.h"
#include "checker.h"
#include "device.h"
#include "memory.h"
#include "report.h"
#include "stream.h"
#include "symbols.h"

namespace emulator {
namespace {

// Rounds in which all resident blocks did nothing but poll, before they count as stuck.
constexpr int most_idle_rounds = 200;

std::map<const void*, size_t> shared_limits;

void run_grid(Grid& grid) {
  const unsigned count = grid.blocks.x * grid.blocks.y * grid.blocks.z;
  std::vector<unsigned> order(count);
  std::iota(order.begin(), order.end(), 0u);
  if (grid.schedule.order() == Order::backward) std::reverse(order.begin(), order.end());
  if (grid.schedule.random()) {
    for (unsigned i = count; i > 1; i--) std::swap(order[i - 1], order[grid.schedule.below(i)]);
  }
  // Blocks of an ordinary grid may, but need not, be resident together.
  const unsigned resident =
      grid.cooperative ? count : std::min(count, grid.schedule.random() ? 3u : 1u);
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
      const size_t at = grid.schedule.random()
                            ? grid.schedule.below(static_cast<uint32_t>(blocks.size()))
                            : turns - 1;
      if (at >= blocks.size()) continue;
      Block& block = *blocks[at];
      if (!block.wake()) {
        report(block.waiting());
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
      report(blocks.front()->waiting());
      grid.aborted = true;
      return;
    }
  }
}

int resident_blocks(int threads, size_t dynamic_shared) {
  const size_t by_shared = static_cast<size_t>(device().properties.shared_per_multiprocessor) /
                           (dynamic_shared + reserved_shared);
  const int whole_warps = (threads + warp_size - 1) / warp_size * warp_size;
  return std::min({blocks_per_multiprocessor,
                   device().properties.threads_per_multiprocessor / whole_warps,
                   static_cast<int>(by_shared)});
}

}  // namespace

cudaError_t set_attribute(const void* kernel, cudaFuncAttribute attribute, int value) {
  return static_cast<cudaError_t>(guarded([&] {
    if (attribute != cudaFuncAttributeMaxDynamicSharedMemorySize) return cudaSuccess;
    if (value < 0 || value > device().properties.shared_per_block) return cudaErrorInvalidValue;
    shared_limits[kernel] = static_cast<size_t>(value);
    return cudaSuccess;
  }));
}

cudaError_t occupancy(int* blocks, int threads, size_t dynamic_shared) {
  return static_cast<cudaError_t>(guarded([&] {
    if (threads <= 0 || threads > most_threads) return cudaErrorInvalidValue;
    *blocks = resident_blocks(threads, dynamic_shared);
    return cudaSuccess;
  }));
}

cudaError_t launch(const cudaLaunchConfig_t& config, const void* kernel,
                   void (*thread)(const void*, const void*), std::shared_ptr<const void> arguments,
                   size_t argument_bytes) {
  return static_cast<cudaError_t>(guarded([&] {
    const dim3 &blocks = config.gridDim, &threads = config.blockDim;
    const uint64_t per_block = static_cast<uint64_t>(threads.x) * threads.y * threads.z;
    if (blocks.x == 0 || blocks.y == 0 || blocks.z == 0 || blocks.x > 2147483647u ||
        blocks.y > 65535 || blocks.z > 65535 || per_block == 0 || per_block > most_threads ||
        threads.z > 64) {
      return cudaErrorInvalidConfiguration;
    }
    const auto limit = shared_limits.find(kernel);
    const bool opted_in = limit != shared_limits.end();
    if (config.dynamicSmemBytes > (opted_in ? limit->second : default_shared)) {
      return cudaErrorInvalidValue;
    }

    auto grid = std::make_shared<Grid>();
    grid->kernel = kernel_name(kernel);
    grid->blocks = blocks;
    grid->threads = threads;
    grid->dynamic_shared = config.dynamicSmemBytes;
    // The attribute speaks of dynamic memory alone; with the static part a block has what there is.
    grid->shared_limit =
        opted_in ? static_cast<size_t>(device().properties.shared_per_block) : default_shared;
    grid->function = kernel;
    grid->thread = thread;
    grid->arguments = arguments;
    grid->argument_bytes = argument_bytes;
    for (unsigned i = 0; i < config.numAttrs; i++) {
      const cudaLaunchAttribute& attribute = config.attrs[i];
      if (attribute.id == cudaLaunchAttributeClusterDimension) return cudaErrorNotSupported;
      if (attribute.id == cudaLaunchAttributeCooperative)
        grid->cooperative = attribute.val.cooperative != 0;
    }
    if (grid->cooperative) {
      const auto fit = static_cast<uint64_t>(
          resident_blocks(static_cast<int>(per_block), config.dynamicSmemBytes));
      const uint64_t count = static_cast<uint64_t>(blocks.x) * blocks.y * blocks.z;
      if (count > fit * static_cast<uint64_t>(device().properties.multiprocessors))
        return cudaErrorCooperativeLaunchTooLarge;
    }
    return enqueue(config.stream, [grid] {
      grid->aborted = false;
      grid->schedule = device().kernel_schedule();
      device().kernels++;
      start_checking();
      run_grid(*grid);
      check_guards(grid->kernel);
      if (grid->aborted) device().lose();
    });
  }));
}

}  // namespace emulator
