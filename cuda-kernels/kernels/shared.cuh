// Dynamic shared memory of a block, under nvcc and under the emulator.
#pragma once

#include <cuda_runtime.h>

namespace otc {

#ifdef __CUDACC__
// Bytes, aligned to 16; their number is the launch's dynamicSmemBytes.
__device__ __forceinline__ void* dynamic_shared() {
  extern __shared__ __align__(16) unsigned char bytes[];
  return bytes;
}
#else
inline void* dynamic_shared() { return emulator::dynamic_shared(); }
#endif

}  // namespace otc
