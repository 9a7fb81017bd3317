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

// Whether squares of float neither vanished nor overflowed on the way to this sum.
__device__ __forceinline__ bool in_range(double square) { return square > 1e-20 && square < 1e30; }

constexpr float kLargest = 0x1.fffffep127f;
// Sums of squares below this may have lost summands to float's range.
constexpr float kLeast = 0x1p-88f;

// The factor that makes a row's norm 1, from the squared norm: 0 for a row of norm 0, which has no
// direction; not-a-number where float cannot hold the factor, or the row not finite numbers.
__device__ __forceinline__ float inverse_norm(double square) {
  if (square == 0) return 0;
  bool held = square > 0x1p-200 && square < 0x1p200;
  return held ? static_cast<float>(1 / sqrt(square)) : NAN;
}

// The squared norm of a row in double, by a warp.
__device__ inline double wide_square(const float* row, int d, int lane) {
  double sum = 0;
  for (int k = lane; k < d; k += kWarp) sum += static_cast<double>(row[k]) * row[k];
  return warp_sum(sum);
}

// The cost of two rows in double, by a warp: from the difference of the rows, for cosine of their
// directions. Squares of floats stay in double's range; the products are rounded before they are
// subtracted, so that equal rows are at no distance.
__device__ __forceinline__ float wide_cost(const float* x, const float* y, int d, int metric,
                                           int lane) {
  double x_factor = 1;
  double y_factor = 1;
  if (metric == OTC_COSINE) {
    x_factor = wide_square(x, d, lane);
    y_factor = wide_square(y, d, lane);
    if (x_factor * y_factor == 0) return 1;
    x_factor = 1 / sqrt(x_factor);
    y_factor = 1 / sqrt(y_factor);
  }
  double sum = 0;
  for (int k = lane; k < d; k += kWarp) {
    double difference = __dsub_rn(__dmul_rn(x[k], x_factor), __dmul_rn(y[k], y_factor));
    sum += difference * difference;
  }
  sum = warp_sum(sum);
  if (metric == OTC_COSINE) return static_cast<float>(0.5 * sum);
  return static_cast<float>(metric == OTC_EUCLIDEAN ? sqrt(sum) : sum);
}

}  // namespace otc::cost
