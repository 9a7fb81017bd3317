// Mistakes between blocks.
#include "broken.h"

namespace broken {
namespace {

enum class Mistake {
  none,
  too_few,
  no_fence_before,
  no_fence_after,
  block_fence_before,
  block_fence_after,
  no_barrier
};

__device__ void meet(int* arrived, int goal, Mistake mistake) {
  if (mistake == Mistake::no_barrier) return;
  __syncthreads();
  if (threadIdx.x == 0) {
    if (mistake == Mistake::block_fence_before) {
      __threadfence_block();
    } else if (mistake != Mistake::no_fence_before) {
      __threadfence();
    }
    atomicAdd(arrived, 1);
    while (*static_cast<volatile int*>(arrived) < goal) __nanosleep(20);
    if (mistake == Mistake::block_fence_after) {
      __threadfence_block();
    } else if (mistake != Mistake::no_fence_after) {
      __threadfence();
    }
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

// The last block to come adds up what all have written: every thread fences its own value.
enum class Publish { fence, block_fence, none, too_late };

__global__ void last_block_adds(float* values, float* sum, int* arrived, Publish how) {
  __shared__ bool last;
  const unsigned thread = blockIdx.x * blockDim.x + threadIdx.x;
  if (how == Publish::too_late) __threadfence();
  values[thread] = static_cast<float>(thread);
  if (how == Publish::fence) __threadfence();
  if (how == Publish::block_fence) __threadfence_block();
  __syncthreads();
  if (threadIdx.x == 0) {
    if (how == Publish::fence) __threadfence();
    last = atomicAdd(arrived, 1) == static_cast<int>(gridDim.x) - 1;
    __threadfence();
  }
  __syncthreads();
  if (!last || threadIdx.x != 0) return;
  float total = 0;
  for (unsigned i = 0; i < gridDim.x * blockDim.x; i++) total += __ldcg(values + i);
  *sum = total;
}

// A warp hands a value to the next one of its block through a flag: a fence of the block is enough.
// The two values are written before and after the fence.
__global__ void flag_in_a_block(float* out, int* flag, bool fence, bool late) {
  if (threadIdx.x == 0) {
    if (!late) out[0] = 5;
    if (fence) __threadfence_block();
    if (late) out[0] = 5;
    atomicExch(flag, 1);
  } else if (threadIdx.x == 32) {
    while (*static_cast<volatile int*>(flag) == 0) __nanosleep(20);
    __threadfence_block();
    out[1] = out[0];
  }
}

Floats publish(Publish how) {
  const Array values(4 * 32), sum(1), counter(Floats{0});
  start(last_block_adds, 4, 32, 0, false, values, sum,
        reinterpret_cast<int*>(static_cast<float*>(counter)), how);
  return sum.read();
}

template <Publish mistake>
Floats run_publish(bool fixed) {
  return publish(fixed ? Publish::fence : mistake);
}

Floats run_flag(bool fence, bool late) {
  const Array out(2), flag(Floats{0});
  start(flag_in_a_block, 1, 64, 0, false, out,
        reinterpret_cast<int*>(static_cast<float*>(flag)), fence, late);
  return out.read();
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
      {"a_grid_barrier_whose_first_fence_is_the_blocks", nullptr, "data race",
       run_cooperative<Mistake::block_fence_before>},
      {"a_grid_barrier_whose_second_fence_is_the_blocks", nullptr, "data race",
       run_cooperative<Mistake::block_fence_after>},
      {"a_value_for_other_blocks_behind_the_fence_of_a_block", nullptr, "data race",
       run_publish<Publish::block_fence>},
      {"a_value_for_other_blocks_behind_no_fence", nullptr, "data race",
       run_publish<Publish::none>},
      {"a_value_for_other_blocks_before_which_there_is_a_fence", nullptr, "data race",
       run_publish<Publish::too_late>},
      {"a_value_for_the_own_block_behind_no_fence", nullptr, "data race",
       [](bool fixed) { return run_flag(fixed, false); }},
      {"a_value_for_the_own_block_after_the_fence", nullptr, "data race",
       [](bool fixed) { return run_flag(true, !fixed); }},
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
