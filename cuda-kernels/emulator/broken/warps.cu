// Mistakes with shuffles, votes and barriers of a warp.
#include "broken.h"

namespace broken {
namespace {

// Half of a warp shuffles and names all of it.
__global__ void wrong_mask(float* out, bool fixed) {
  float value = static_cast<float>(threadIdx.x);
  if (threadIdx.x >= 16) return;
  value += __shfl_xor_sync(fixed ? 0x0000ffffu : 0xffffffffu, value, 8);
  out[threadIdx.x] = value;
}

__global__ void different_masks(float* out, bool fixed) {
  const unsigned mask = fixed || threadIdx.x < 16 ? 0xffffffffu : 0xffff0000u;
  out[threadIdx.x] = __shfl_xor_sync(mask, static_cast<float>(threadIdx.x), 1);
}

__global__ void mask_without_own_lane(float* out, bool fixed) {
  out[threadIdx.x] =
      __shfl_sync(fixed ? 0xffffffffu : 0xfffffffeu, static_cast<float>(threadIdx.x), 3);
}

__global__ void lane_outside_the_mask(float* out, bool fixed) {
  if (threadIdx.x >= 16) return;
  out[threadIdx.x] = __shfl_sync(0x0000ffffu, static_cast<float>(threadIdx.x), fixed ? 3 : 20);
}

__global__ void vote_meets_shuffle(float* out, bool fixed) {
  if (fixed || threadIdx.x < 7) {
    out[threadIdx.x] = static_cast<float>(__ballot_sync(0xffffffffu, threadIdx.x < 3));
  } else {
    out[threadIdx.x] = __shfl_sync(0xffffffffu, 1.0f, 0);
  }
}

// A block whose last warp is not whole.
__global__ void partial_warp(float* out, bool fixed) {
  const unsigned mask = fixed && threadIdx.x >= 32 ? 0x000000ffu : 0xffffffffu;
  out[threadIdx.x] = __shfl_xor_sync(mask, static_cast<float>(threadIdx.x), 1);
}

__global__ void missing_warp_barrier(const float* values, float* turned, bool fixed) {
  __shared__ float tile[32];
  tile[threadIdx.x] = values[threadIdx.x];
  if (fixed) __syncwarp();
  turned[threadIdx.x] = tile[31 - threadIdx.x];
}

Floats run(void (*kernel)(float*, bool), int threads, bool fixed) {
  const Array out(Floats(static_cast<size_t>(threads)));
  start(kernel, 1, threads, 0, false, out, fixed);
  return out.read();
}

}  // namespace

std::vector<Case> warp_cases() {
  return {
      {"a_mask_that_names_lanes_which_returned", "mask 0xffffffff", "mask 0xffffffff",
       [](bool fixed) { return run(wrong_mask, 32, fixed); }},
      {"different_masks", "mask 0xffff", "mask 0xffff",
       [](bool fixed) { return run(different_masks, 32, fixed); }},
      {"a_mask_without_the_own_lane", "own lane", "own lane",
       [](bool fixed) { return run(mask_without_own_lane, 32, fixed); }},
      {"a_lane_outside_the_mask", "reads lane 20", "reads lane 20",
       [](bool fixed) { return run(lane_outside_the_mask, 32, fixed); }},
      {"a_vote_that_meets_a_shuffle", "is in a", "is in a",
       [](bool fixed) { return run(vote_meets_shuffle, 32, fixed); }},
      {"a_full_mask_in_a_partial_warp", "are not there", "are not there",
       [](bool fixed) { return run(partial_warp, 40, fixed); }},
      {"a_missing_warp_barrier", differs, "reads shared memory",
       [](bool fixed) {
         const Array in(counting(32)), out(32);
         start(missing_warp_barrier, 1, 32, 0, false, in, out, fixed);
         return out.read();
       }},
  };
}

}  // namespace broken
