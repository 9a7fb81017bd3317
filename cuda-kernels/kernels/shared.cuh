// Dynamic shared memory: the one thing for which nvcc and the emulator need different words.
// OTC_DYNAMIC_SHARED(float, rows); declares `rows`, a pointer to the block's dynamic shared memory,
// aligned to 16 bytes.
#pragma once

#include <cuda_runtime.h>

#ifdef __CUDACC__
#define OTC_DYNAMIC_SHARED(type, name)                                \
  extern __shared__ __align__(16) unsigned char otc_dynamic_shared[]; \
  type* const name = reinterpret_cast<type*>(otc_dynamic_shared)
#else
#define OTC_DYNAMIC_SHARED(type, name) \
  type* const name = static_cast<type*>(emulator::dynamic_shared())
#endif
