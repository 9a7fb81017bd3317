// Reductions in a fixed order: the same numbers give the same bits in every run. All lanes of a
// warp, all threads of a block take part; every one of them gets the result.
#pragma once

#include <cuda_runtime.h>

namespace otc {

constexpr int kWarp = 32;
constexpr unsigned kAllLanes = 0xffffffffu;

struct Sum {
  template <class T>
  __device__ __forceinline__ T operator()(T x, T y) const {
    return x + y;
  }
};

struct Max {
  template <class T>
  __device__ __forceinline__ T operator()(T x, T y) const {
    return x > y ? x : y;
  }
};

// A butterfly: because x+y == y+x, all lanes end with the same bits.
template <class T, class Operation>
__device__ __forceinline__ T warp_reduce(T value, Operation operation) {
#pragma unroll
  for (int step = kWarp / 2; step > 0; step /= 2) {
    value = operation(value, __shfl_xor_sync(kAllLanes, value, step));
  }
  return value;
}

template <class T>
__device__ __forceinline__ T warp_sum(T value) {
  return warp_reduce(value, Sum());
}

template <class T>
__device__ __forceinline__ T warp_max(T value) {
  return warp_reduce(value, Max());
}

// Over a block of `Warps` whole warps; `scratch` is shared memory, [Warps], free again on return.
template <int Warps, class T, class Operation>
__device__ __forceinline__ T block_reduce(T value, T* scratch, Operation operation) {
  value = warp_reduce(value, operation);
  if (threadIdx.x % kWarp == 0) scratch[threadIdx.x / kWarp] = value;
  __syncthreads();
  value = scratch[0];
#pragma unroll
  for (int warp = 1; warp < Warps; warp++) value = operation(value, scratch[warp]);
  __syncthreads();
  return value;
}

template <int Warps, class T>
__device__ __forceinline__ T block_sum(T value, T* scratch) {
  return block_reduce<Warps>(value, scratch, Sum());
}

// x + y as the rounded sum and, added to `error`, what rounding took away (Knuth). The intrinsics
// keep the compiler from fusing a product into a sum, which would spoil the error term.
__device__ __forceinline__ float two_sum(float x, float y, float& error) {
  float sum = __fadd_rn(x, y);
  float shown = __fsub_rn(sum, x);
  error += __fadd_rn(__fsub_rn(x, __fsub_rn(sum, shown)), __fsub_rn(y, shown));
  return sum;
}

// A sum of floats with its rounding error beside it, about twice float's digits without double
// arithmetic, of which some GPUs do one for 64 of float.
class Compensated {
 public:
  __device__ __forceinline__ void add(float value) { sum_ = two_sum(sum_, value, error_); }

  __device__ __forceinline__ void add_square(float value) {
    float square = __fmul_rn(value, value);
    error_ += fmaf(value, value, -square);
    add(square);
  }

  __device__ __forceinline__ double value() const {
    return static_cast<double>(sum_) + static_cast<double>(error_);
  }

 private:
  float sum_ = 0;
  float error_ = 0;
};

}  // namespace otc
