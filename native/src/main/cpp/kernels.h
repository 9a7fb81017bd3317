// The inner loops that exist once for each instruction set, as a table of functions. Everything
// above them is compiled once, for the plainest processor of the platform.
#pragma once

#include <cstddef>
#include <cstdint>

namespace otf {

// Blocks of the matrix product: at most kDepth of the summation index, kTileRows x kTileColumns of
// the result. Packed left rows are kStride floats apart; packed right panels are `panel` columns
// wide, [depth][panel].
constexpr int kDepth = 256;
constexpr int kStride = kDepth + 16;
constexpr int kTileRows = 252;
constexpr int kTileColumns = 256;

// Columns of a coupling are summed in float over so many rows before they go on in double.
constexpr int kRowBlock = 64;
constexpr int kRowGroup = 8;  // rows that dot and axpy take at once; kRowBlock is a multiple

// The position of the smallest value of a scan and the two smallest values.
struct TwoSmallest {
  double first;
  double second;
  int32_t index;
  int32_t second_index;
};

// What a row of the rounded plan is made of: K_ij * scaled * scaled_columns_j + lack * lacking_j.
struct FinishedRow {
  float scaled;
  const float* scaled_columns;
  float lack;
  const float* lacking;
  // The plan before rounding: K_ij * scaling * column_scalings_j, and the potentials that give it as
  // 2^(potential + column_potentials_j - unit C_ij).
  float scaling;
  const float* column_scalings;
  double potential;
  const double* column_potentials;
  double unit;
};

// The transport cost of a row, and its generalised Kullback-Leibler divergence from the plan before
// rounding, in bits.
struct RowObjectives {
  double cost;
  double divergence;
};

struct Kernels {
  const char* isa;
  int width;  // floats in a vector
  int panel;  // columns of a packed right panel

  // --- pairwise cost and matrix products (kernels_gemm.h) ---
  // dst[r][k] = src[r][k] - mean[k], dst rows kStride apart, zero from depth to a multiple
  // of the vector width; norms[r] += squares in double. mean may be null. Returns the largest |src|,
  // not finite where one of them is not.
  float (*pack_left)(const float* src, ptrdiff_t stride, int rows, int depth, const float* mean,
                     float* dst, double* norms);
  // The same, transposed into panels: dst[c / panel][k][c % panel].
  float (*pack_right)(const float* src, ptrdiff_t stride, int columns, int depth, const float* mean,
                      float* dst, double* norms);
  // out[r][c] (+)= sum over k of left[r][k] * right[k][c].
  void (*multiply)(const float* left, const float* right, int rows, int columns, int depth,
                   float* out, ptrdiff_t stride, bool add);
  // total[c] += src[r][c] over the rows, in double.
  void (*sum_rows)(const float* src, ptrdiff_t stride, int rows, int columns, double* total);
  // Inner products of one row to squared distances max(0, left + right[c] - 2 row[c]), or their
  // roots. Tells whether every squared one is at least share * (left + right[c]) and `least`, which
  // not-a-number is not.
  bool (*distances)(float* row, float left, const float* right, int columns, float share,
                    float least, bool root);
  // Inner products of one row to max(0, 1 - row[c] * left * right[c]) with inverse norms. Tells
  // whether every one is at least share.
  bool (*cosines)(float* row, float left, const float* right, int columns, float share);
  // The squared distance of scaled rows, sum of (p x[k] - q y[k])^2, all in double.
  double (*squared_distance)(const float* x, double p, const float* y, double q, int d);

  // --- Sinkhorn (kernels_sinkhorn.h); `column` and K's rows are padded to whole vectors ---
  // out[j] = 2^(row + column[j] - unit * cost[j]), zero in the padding; returns the sum.
  double (*exponentials)(const float* cost, double unit, double row, const double* column, int m,
                         float* out);
  // The largest column[j] - unit * cost[j].
  double (*largest_exponent)(const float* cost, double unit, const double* column, int m);
  // out[j] = log2 of the sum over i of 2^(row[i] - unit * cost[i][j]) for at most `width` columns.
  void (*column_log_sums)(const float* cost, ptrdiff_t stride, int n, int columns, double unit,
                          const double* row, double* out);
  // out[r] = sum over j of matrix[r][j] * w[j] for kRowGroup rows.
  void (*dot)(const float* matrix, ptrdiff_t stride, const float* w, int padded, double* out);
  // For kRowGroup rows: row_sums = old * sums, s = a / sums; returns the sum of |row_sums - a|.
  double (*row_scalings)(const double* sums, const float* a, const float* old, double* row_sums,
                         float* s);
  // w[j] = b[j] / columns[j]; whether no column is below `smallest` and no w[j] beyond reach.
  bool (*column_scalings)(const float* b, const double* columns, int m, double smallest,
                          double reach, float* w);
  // column[j] += sum over kRowGroup rows of s[r] * matrix[r][j].
  void (*axpy)(const float* matrix, ptrdiff_t stride, const float* s, int padded, float* column);
  // total[j] += part[j].
  void (*accumulate)(const float* part, int padded, double* total);
  // row[j] = from[j] * factor * column[j], without the last where column is null; returns the sum.
  double (*scale_row)(float* row, const float* from, float factor, const float* column, int m);
  // The sum of x[j].
  double (*total)(const float* x, int m);
  // Writes a row of the rounded plan and returns its part of the objectives; K and the column arrays
  // are padded.
  RowObjectives (*finish_row)(const float* k_row, const float* cost, const FinishedRow& row, int m,
                              float* plan);

  // --- exact solvers (kernels_scan.h) ---
  // The smallest cost[j] - v[j] and its place, the first of equals.
  double (*smallest)(const float* cost, const double* v, int m, int32_t* index);
  // The two smallest of them.
  TwoSmallest (*two_smallest)(const float* cost, const double* v, int m);
  // distance[j] = min(distance[j], base + cost[j] - v[j]), from[j] = row where it fell; returns the
  // smallest distance and its place. Closed columns have v = -1e300 and distance 1e300.
  double (*relax)(const float* cost, const double* v, double base, int m, double row,
                  double* distance, double* from, int32_t* index);
  // low[j] = min(low[j], cost[j] - shift), at[j] = row where it fell.
  void (*column_minima)(const float* cost, double shift, int m, double row, double* low,
                        double* at);

  // --- gathers (kernels_gather.h) ---
  // A row of runs, run u being src[index[u] * unit ...]: out[0 .. count) (+)= weight * the row from
  // position `start` on.
  void (*gather_row)(float* out, const float* src, const int32_t* index, int64_t unit,
                     int64_t start, int64_t count, float weight, bool add);
  // The largest |x|, not finite where one of them is not.
  float (*largest_magnitude)(const float* x, int64_t count);
  // Copies past the caches.
  void (*stream_out)(float* out, const float* src, int64_t count);

  // --- limits (kernels_limits.h) ---
  double (*spin_exp2)(int64_t rounds);
  double (*spin_multiply_add)(int64_t rounds);
  int exp2_per_round;
  int flops_per_round;
};

extern const Kernels kScalarKernels;
extern const Kernels kAvx2Kernels;    // on x86-64 only
extern const Kernels kAvx512Kernels;  // on x86-64 only
extern const Kernels kNeonKernels;    // on AArch64 only

}  // namespace otf
