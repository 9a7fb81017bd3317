// What the kernels of pairwise cost share. Features of up to kDirectLength are compared by
// cost_direct.cu; for longer ones cuBLAS multiplies between the kernels of cost_product.cu.
//
// Where they change over: with differences an entry takes 2d instructions, at best 33.5e12 / 2d
// entries/s on an H100, and 4 bytes. With a product it takes d, but the product is written, read
// and written again, 12 bytes in place of 4. At two thirds of the peak for the one, four fifths for
// the other and 3.35 TB/s both take as long at d of about 50; below, the direct way saves two
// launches and a call of cuBLAS besides, and loses no digits to cancellation.
#pragma once

#include "launch.cuh"
#include "reduce.cuh"

namespace otc::cost {

constexpr int kDirectLength = 64;  // the longest features that are compared directly
constexpr int kDirectTile = 64;    // rows and columns of a tile

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
