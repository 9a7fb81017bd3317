// Exponents of the plan, R = row + column - unit * cost to base 2, without double arithmetic.
// Potentials over eps reach 10^4 and more where epsilon is small, R has to be right to 1e-6: so
// potentials are held as the unevaluated sum of two floats (48 bits), and the terms are added with
// their rounding errors (Knuth's two-sum, Dekker 1971). 20 float operations an entry; two double
// operations would take as long on a data-centre GPU and six times as long on a consumer's, which
// does one of them for 64 of float.
#pragma once

#include "reduce.cuh"

namespace otc {

// A number as the sum of two floats.
struct alignas(8) Twofold {
  float high;
  float low;
};

__device__ __forceinline__ Twofold twofold(double x) {
  float high = static_cast<float>(x);
  return {high, static_cast<float>(x - static_cast<double>(high))};
}

__device__ __forceinline__ double value(Twofold x) {
  return static_cast<double>(x.high) + static_cast<double>(x.low);
}

__device__ __forceinline__ float exponent(Twofold row, Twofold column, Twofold unit, float cost) {
  float product = __fmul_rn(unit.high, cost);
  float error = -fmaf(unit.low, cost, fmaf(unit.high, cost, -product));
  float sum = two_sum(row.high, column.high, error);
  float difference = two_sum(sum, -product, error);
  return difference + (error + (row.low + column.low));
}

// 2^x; 0 where that is no normal float, and finite.
__device__ __forceinline__ float power(float x) {
  return x < -126.0f ? 0.0f : exp2f(fminf(x, 126.0f));
}

}  // namespace otc
