// Mistakes between blocks.
#include "broken.h"

namespace broken {
namespace {

enum class Mistake { none, too_few, no_fence_before, no_fence_after, no_barrier };

__device__ void meet(int* arrived, int goal, Mistake mistake) {
  if (mistake == Mistake::no_barrier) return;
  __syncthreads();
  if (threadIdx.x == 0) {
    if (mistake != Mistake::no_fence_before) __threadfence();
    atomicAdd(arrived, 1);
    while (*static_cast<volatile int*>(arrived) < goal) __nanosleep(20);
    if (mistake != Mistake::no_fence_after) __threadfence();
  }
  __syncthreads();
}

// Every block reads what its neighbour wrote.
__global__ void neighbours(float* values, int* arrived, Mistake mistake) {
  const unsigned thread = blockIdx.x * blockDim.x + threadIdx.x;
  values[thread] = static_cast<float>(thread);
  if (mistake == Mistake::too_few && blockIdx.x == 2) return;
  meet(arrived, static_cast<int>(gridDim.x), mistake);
  const unsigned count = gridDim.x * blockDim.x;
  values[count + thread] = __ldcg(values + (thread + blockDim.x) % count);
}

// Blocks add up in the order in which they come.
__global__ void ordered_by_chance(const float* values, float* sum, int* turn, bool fixed) {
  if (threadIdx.x != 0) return;
  if (fixed) {
    for (unsigned i = 0; i < gridDim.x && blockIdx.x == 0; i++) *sum += values[i];
    return;
  }
  while (atomicCAS(turn, 0, 1) != 0) __nanosleep(20);
  __threadfence();
  *sum += values[blockIdx.x];
  __threadfence();
  atomicExch(turn, 0);
}

Floats run(Mistake mistake, bool cooperative) {
  const Array values(4 * 32 * 2), counter(Floats{0});
  start(neighbours, 4, 32, 0, cooperative, values,
        reinterpret_cast<int*>(static_cast<float*>(counter)), mistake);
  return values.read();
}

template <Mistake mistake>
Floats run_cooperative(bool fixed) {
  return run(fixed ? Mistake::none : mistake, true);
}

}  // namespace

std::vector<Case> grid_cases() {
  return {
      {"a_block_that_misses_the_grid_barrier", "deadlock", "deadlock",
       run_cooperative<Mistake::too_few>},
      {"a_grid_barrier_in_an_ordinary_launch", "deadlock", "deadlock",
       [](bool fixed) { return run(Mistake::none, fixed); }},
      {"a_missing_grid_barrier", differs, "before anything was written",
       run_cooperative<Mistake::no_barrier>},
      {"a_grid_barrier_without_the_first_fence", nullptr, "data race",
       run_cooperative<Mistake::no_fence_before>},
      {"a_grid_barrier_without_the_second_fence", nullptr, "data race",
       run_cooperative<Mistake::no_fence_after>},
      {"a_sum_in_the_order_of_blocks", differs, differs,
       [](bool fixed) {
         const Array values(Floats{1e8f, 1, -1e8f, 3}), sum(Floats{0}), turn(Floats{0});
         start(ordered_by_chance, 4, 32, 0, false, values, sum,
               reinterpret_cast<int*>(static_cast<float*>(turn)), fixed);
         return sum.read();
       }},
  };
}

}  // namespace broken
