// What the kernels of pairwise cost share. Short features and small problems are compared by
// cost_direct.cu; for the others cuBLAS multiplies between the kernels of cost_product.cu.
//
// Where they change over: with differences an entry takes 2d instructions, on an H100 at
// best 33.5e12 a second. With a product it takes d, but an entry is written, read and written
// again, 8 bytes more than 4, and centring moves 8 (n + m) d + 4 m d bytes. At two thirds of the
// peak for the one, four fifths for the other and 3.35 TB/s both take as long where 12/n + 8/m +
// 12/d is about 0.18: at n = m = 110 for long features, at d of about 60 for large problems. Tiles
// are of 64, so 128 and 64 are taken. A problem on its own has few tiles to work on and is slower
// than a product when features are long, which is what kDirectSmallLength bounds. The direct way
// saves two launches and a call of cuBLAS besides, and loses no digits to cancellation. A task's
// sizes alone decide, so that its bits do not depend on the batch.
#pragma once

#include "launch.cuh"
#include "reduce.cuh"

namespace otc::cost {

constexpr int kDirectTile = 64;    // rows and columns of a tile
constexpr int kDirectLength = 64;  // features at a time; so many are always compared directly
constexpr int kDirectSmall = 128;  // the most rows of a small problem
constexpr int kDirectSmallLength = 1024;  // and its longest features

inline bool is_direct(int n, int m, int d) {
  bool small = n <= kDirectSmall && m <= kDirectSmall && d <= kDirectSmallLength;
  return n == 0 || m == 0 || d <= kDirectLength || small;
}

constexpr int kMeanColumns = kWarp;
constexpr int kRowWarps = 8;  // rows that a block centres
constexpr int kEntryRows = 32;
constexpr int kEntryColumns = 4 * kWarp;

// 1 / norm from a squared norm; 0 for a row of norm 0, which has no direction.
__device__ __forceinline__ float inverse_norm(double square) {
  return square > 0 ? static_cast<float>(1 / sqrt(square)) : 0;
}

// Whether squares of float neither vanished nor overflowed on the way to this sum.
__device__ __forceinline__ bool in_range(double square) { return square > 1e-20 && square < 1e30; }

}  // namespace otc::cost
