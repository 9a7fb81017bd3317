// The passes of the Sinkhorn iteration over a matrix K whose rows are padded to whole vectors.
#pragma once

#include "kernels.h"
#include "simd.h"

namespace otf::OTF_SIMD {

inline double exponentials(const float* cost, double unit, double row, const double* column, int m,
                           float* out) {
  D k = set(-unit);
  D u = set(row);
  F total = set(0.0f);
  F more = set(0.0f);
  int j = 0;
  for (; j + W <= m; j += W) {
    F c = load(cost + j);
    D t0 = fma(low(c), k, load(column + j) + u);
    D t1 = fma(high(c), k, load(column + j + H) + u);
    F e = exp2(narrow(t0, t1));
    store(out + j, e);
    total = total + e;
  }
  if (j < m) {
    F c = load(cost + j, m - j);
    D t0 = fma(low(c), k, load(column + j) + u);
    D t1 = fma(high(c), k, load(column + j + H) + u);
    store(out + j, set(0.0f));
    store(out + j, exp2(narrow(t0, t1)), m - j);
    more = load(out + j);
  }
  return sum(total) + sum(more);
}

inline double largest_exponent(const float* cost, double unit, const double* column, int m) {
  D k = set(-unit);
  D best = set(-1e300);
  int j = 0;
  for (; j + W <= m; j += W) {
    F c = load(cost + j);
    best = max(best, fma(low(c), k, load(column + j)));
    best = max(best, fma(high(c), k, load(column + j + H)));
  }
  double lanes[H];
  store(lanes, best);
  double result = lanes[0];
  for (int i = 1; i < H; i++) result = lanes[i] > result ? lanes[i] : result;
  for (; j < m; j++) {
    double t = column[j] - unit * cost[j];
    result = t > result ? t : result;
  }
  return result;
}

// One strip of at most W columns: out[j] = log2 sum over i of 2^(row[i] - unit * cost[i][j]).
inline void column_log_sums(const float* cost, ptrdiff_t stride, int n, int columns, double unit,
                            const double* row, double* out) {
  D k = set(-unit);
  D top0 = set(-1e300);
  D top1 = set(-1e300);
  for (int i = 0; i < n; i++) {
    F c = load(cost + i * stride, columns);
    top0 = max(top0, fma(low(c), k, set(row[i])));
    top1 = max(top1, fma(high(c), k, set(row[i])));
  }
  D sum0 = set(0.0);
  D sum1 = set(0.0);
  for (int i = 0; i < n; i++) {
    F c = load(cost + i * stride, columns);
    D u = set(row[i]);
    F e = exp2(narrow(fma(low(c), k, u) - top0, fma(high(c), k, u) - top1));
    sum0 = sum0 + low(e);
    sum1 = sum1 + high(e);
  }
  double tops[W];
  double sums[W];
  store(tops, top0);
  store(tops + H, top1);
  store(sums, sum0);
  store(sums + H, sum1);
  for (int j = 0; j < columns; j++) out[j] = tops[j] + __builtin_log2(sums[j]);
}

// out[r] = the sum of sums[r]'s lanes, in double.
OTF_INLINE void sum_group(const F* sums, double* out) {
#if defined(__AVX512F__)
  __m512d a[8];
  for (int r = 0; r < 8; r++) a[r] = (low(sums[r]) + high(sums[r])).v;
  __m512d b[4];
  for (int r = 0; r < 4; r++) {
    b[r] = _mm512_add_pd(_mm512_unpacklo_pd(a[2 * r], a[2 * r + 1]),
                         _mm512_unpackhi_pd(a[2 * r], a[2 * r + 1]));
  }
  __m512d c[2];
  for (int r = 0; r < 2; r++) {
    c[r] = _mm512_add_pd(_mm512_shuffle_f64x2(b[2 * r], b[2 * r + 1], 0x88),
                         _mm512_shuffle_f64x2(b[2 * r], b[2 * r + 1], 0xdd));
  }
  _mm512_storeu_pd(out, _mm512_add_pd(_mm512_shuffle_f64x2(c[0], c[1], 0x88),
                                      _mm512_shuffle_f64x2(c[0], c[1], 0xdd)));
#else
  for (int r = 0; r < kRowGroup; r++) out[r] = sum(sums[r]);
#endif
}

inline void dot(const float* matrix, ptrdiff_t stride, const float* w, int padded, double* out) {
  F sums[kRowGroup];
#pragma GCC unroll 8
  for (int r = 0; r < kRowGroup; r++) sums[r] = set(0.0f);
  for (int j = 0; j < padded; j += W) {
    F x = load(w + j);
#pragma GCC unroll 8
    for (int r = 0; r < kRowGroup; r++) sums[r] = fma(load(matrix + r * stride + j), x, sums[r]);
  }
  sum_group(sums, out);
}

inline double row_scalings(const double* sums, const float* a, const float* old, double* row_sums,
                           float* s) {
  double off[kRowGroup];
  for (int r = 0; r < kRowGroup; r++) {
    row_sums[r] = old[r] * sums[r];
    off[r] = __builtin_fabs(row_sums[r] - a[r]);
    s[r] = static_cast<float>(a[r] / sums[r]);
  }
  double violation = 0;
  for (int r = 0; r < kRowGroup; r++) violation += off[r];
  return violation;
}

inline bool column_scalings(const float* b, const double* columns, int m, double smallest,
                            double reach, float* w) {
  int beyond = 0;
  double least = 1 / reach;
  for (int j = 0; j < m; j++) {
    double scaling = b[j] / columns[j];
    w[j] = static_cast<float>(scaling);
    beyond |= !(columns[j] >= smallest) | !(scaling >= least) | !(scaling <= reach);
  }
  return beyond == 0;
}

// Long rows behind these are asked for meanwhile: they are taken next and would otherwise keep dot()
// waiting for the second-level cache. Two groups of them must fit the first one.
constexpr int kLeastAhead = 256;
constexpr int kMostAhead = 640;

template <bool Ahead>
OTF_INLINE void add_group(const float* matrix, ptrdiff_t stride, const float* s, int padded,
                          float* column) {
  F factor[kRowGroup];
#pragma GCC unroll 8
  for (int r = 0; r < kRowGroup; r++) factor[r] = set(s[r]);
  const float* next = matrix + kRowGroup * stride;
  for (int j = 0; j < padded; j += W) {
    F even = load(column + j);
    F odd = set(0.0f);
#pragma GCC unroll 4
    for (int r = 0; r < kRowGroup; r += 2) {
      if (Ahead) {
        __builtin_prefetch(next + r * stride + j);
        __builtin_prefetch(next + (r + 1) * stride + j);
      }
      even = fma(load(matrix + r * stride + j), factor[r], even);
      odd = fma(load(matrix + (r + 1) * stride + j), factor[r + 1], odd);
    }
    store(column + j, even + odd);
  }
}

inline void axpy(const float* matrix, ptrdiff_t stride, const float* s, int padded, float* column) {
  if (padded >= kLeastAhead && padded <= kMostAhead) {
    add_group<true>(matrix, stride, s, padded, column);
  } else {
    add_group<false>(matrix, stride, s, padded, column);
  }
}

inline void accumulate(const float* part, int padded, double* total) {
  for (int j = 0; j < padded; j += W) {
    F x = load(part + j);
    store(total + j, load(total + j) + low(x));
    store(total + j + H, load(total + j + H) + high(x));
  }
}

inline double scale_row(float* row, const float* from, float factor, const float* column, int m) {
  F s = set(factor);
  D total = set(0.0);
  sweep(m, [&](int j, auto extent) {
    F x = load(from + j, extent) * s;
    if (column != nullptr) x = x * load(column + j, extent);
    store(row + j, x, extent);
    total = total + (low(x) + high(x));
  });
  return sum(total);
}

inline double total(const float* x, int m) {
  D sums = set(0.0);
  sweep(m, [&](int j, auto extent) {
    F p = load(x + j, extent);
    sums = sums + (low(p) + high(p));
  });
  return sum(sums);
}

// A row of the rounded plan T and its part of the primal and dual objectives: the sum of T C and that
// of T (log2(T / P) - (T - P)/T / ln 2) with log2 P = row + v - unit C. K scaled to P may have lost
// entries that are too small to count in T - P.
inline RowObjectives finish_row(const float* k_row, const float* cost, const FinishedRow& row, int m,
                                float* plan) {
  F scaled = set(row.scaled);
  F scaling = set(row.scaling);
  F lack = set(row.lack);
  D unit = set(-row.unit);
  D u = set(row.potential);
  F inverse_ln2 = set(1.44269504f);
  D total = set(0.0);
  F gaps = set(0.0f);
  sweep(m, [&](int j, auto extent) {
    F k = load(k_row + j);
    F c = load(cost + j, extent);
    F t = fma(lack, load(row.lacking + j), k * scaled * load(row.scaled_columns + j));
    store(plan + j, t, extent);
    F log_p = narrow(fma(low(c), unit, load(row.column_potentials + j) + u),
                     fma(high(c), unit, load(row.column_potentials + j + H) + u));
    F p = k * scaling * load(row.column_scalings + j);
    gaps = gaps + keep(t * (log2(t) - log_p) - (t - p) * inverse_ln2, extent);
    total = fma(low(t), low(c), total);
    total = fma(high(t), high(c), total);
  });
  return {sum(total), sum(gaps)};
}

}  // namespace otf::OTF_SIMD
