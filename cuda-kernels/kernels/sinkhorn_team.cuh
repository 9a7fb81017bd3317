// Who solves a problem: one block, or a team of blocks of a cooperative grid. Both have the same
// few words, so that the solver is written once.
#pragma once

#include <cuda_runtime.h>

#include "sinkhorn_exponent.cuh"

namespace otc {

// One block; everything but the cost lies in its shared memory.
struct Alone {
  static constexpr bool kTeam = false;
  static constexpr int rank = 0;
  static constexpr int size = 1;

  __device__ __forceinline__ void sync() { __syncthreads(); }

  // Reads what another thread may have written.
  template <class T>
  __device__ __forceinline__ static T load(const T* address) {
    return *address;
  }
};

// Several blocks, which meet at a counter in global memory. The counter only ever grows, so nothing
// is reset between barriers; comparing differences lets it wrap.
struct Team {
  static constexpr bool kTeam = true;

  int rank;
  int size;
  unsigned* arrivals;
  unsigned expected = 0;

  __device__ Team(int rank, int size, unsigned* arrivals)
      : rank(rank), size(size), arrivals(arrivals) {}

  __device__ void sync() {
    expected += static_cast<unsigned>(size);
    __syncthreads();
    if (threadIdx.x == 0) {
      __threadfence();
      atomicAdd(arrivals, 1u);
      while (static_cast<int>(*static_cast<volatile unsigned*>(arrivals) - expected) < 0) {
        __nanosleep(32);
      }
      __threadfence();
    }
    __syncthreads();
  }

  // From the second-level cache: the first level does not see what other blocks write.
  template <class T>
  __device__ __forceinline__ static T load(const T* address) {
    return __ldcg(address);
  }

  __device__ __forceinline__ static Twofold load(const Twofold* address) {
    float2 pair = __ldcg(reinterpret_cast<const float2*>(address));
    return {pair.x, pair.y};
  }
};

}  // namespace otc
