// CUDA's keywords and vector types.
#pragma once

#include <cstddef>
#include <cstdint>

#define __global__
#define __device__
#define __host__
#define __constant__
#define __grid_constant__
#define __launch_bounds__(...)
#define __forceinline__ inline
#define __noinline__
#define __align__(bytes) alignas(bytes)

// Declarations of __shared__ variables are rewritten before compilation (emulator/shared.sed); one
// that was not, for example because it spans two lines, ends here.
#define __shared__ \
  static_assert(false, "write one __shared__ variable on one line: __shared__ TYPE NAME[SIZE];");

#define EMULATOR_VECTOR(type, name, alignment)                                \
  struct alignas(sizeof(type) * 1) name##1 {                                  \
    type x;                                                                   \
  };                                                                          \
  struct alignas(sizeof(type) * 2) name##2 {                                  \
    type x, y;                                                                \
  };                                                                          \
  struct name##3 {                                                            \
    type x, y, z;                                                             \
  };                                                                          \
  struct alignas(alignment) name##4 {                                         \
    type x, y, z, w;                                                          \
  };                                                                          \
  inline name##1 make_##name##1(type x) { return {x}; }                       \
  inline name##2 make_##name##2(type x, type y) { return {x, y}; }            \
  inline name##3 make_##name##3(type x, type y, type z) { return {x, y, z}; } \
  inline name##4 make_##name##4(type x, type y, type z, type w) { return {x, y, z, w}; }

EMULATOR_VECTOR(float, float, 16)
EMULATOR_VECTOR(double, double, 16)
EMULATOR_VECTOR(int, int, 16)
EMULATOR_VECTOR(unsigned, uint, 16)
EMULATOR_VECTOR(long long, longlong, 16)
EMULATOR_VECTOR(unsigned long long, ulonglong, 16)
#undef EMULATOR_VECTOR

struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
  constexpr dim3(uint3 v) : x(v.x), y(v.y), z(v.z) {}
};
