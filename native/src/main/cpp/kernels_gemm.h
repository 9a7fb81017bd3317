// Matrix products in the manner of Goto and van de Geijn (2008): the left block lies row by row, the
// right one in panels of a few vectors' width, and a tile of the result stays in registers while the
// summation index runs.
#pragma once

#include "kernels.h"
#include "simd.h"

namespace otf::OTF_SIMD {

#if defined(__AVX512F__)
constexpr int kRows = 14;
#elif defined(__AVX2__) || defined(OTF_NEON)
constexpr int kRows = 6;
#else
constexpr int kRows = 4;
#endif
constexpr int kVectors = 2;
constexpr int kPanel = kVectors * W;

inline float pack_left(const float* src, ptrdiff_t stride, int rows, int depth, const float* mean,
                       float* dst, double* norms) {
  F most = set(0.0f);
  for (int r = 0; r < rows; r++) {
    const float* from = src + r * stride;
    float* to = dst + static_cast<ptrdiff_t>(r) * kStride;
    D squares = set(0.0);
    for (int k = 0; k < depth; k += W) {
      int n = depth - k < W ? depth - k : W;
      F x = n == W ? load(from + k) : load(from + k, n);
      most = larger(most, x);
      if (mean != nullptr) x = x - (n == W ? load(mean + k) : load(mean + k, n));
      store(to + k, x);
      squares = fma(low(x), low(x), squares);
      squares = fma(high(x), high(x), squares);
    }
    norms[r] += sum(squares);
  }
  return largest(most);
}

// Turns W rows of W floats (rows kept apart by `stride`) on their side.
OTF_INLINE void transpose(const float* src, ptrdiff_t stride, int rows, float* dst) {
#if defined(__AVX512F__)
  __m512 a[16];
  __m512 b[16];
  for (int i = 0; i < 16; i++) {
    a[i] = i < rows ? _mm512_loadu_ps(src + i * stride) : _mm512_setzero_ps();
  }
  for (int i = 0; i < 16; i += 2) {
    b[i] = _mm512_unpacklo_ps(a[i], a[i + 1]);
    b[i + 1] = _mm512_unpackhi_ps(a[i], a[i + 1]);
  }
  for (int i = 0; i < 16; i += 4) {
    for (int h = 0; h < 2; h++) {
      __m512d p = _mm512_castps_pd(b[i + h]);
      __m512d q = _mm512_castps_pd(b[i + 2 + h]);
      a[i + 2 * h] = _mm512_castpd_ps(_mm512_unpacklo_pd(p, q));
      a[i + 2 * h + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(p, q));
    }
  }
  for (int c = 0; c < 4; c++) {
    __m512 even0 = _mm512_shuffle_f32x4(a[c], a[4 + c], 0x88);
    __m512 odd0 = _mm512_shuffle_f32x4(a[c], a[4 + c], 0xdd);
    __m512 even1 = _mm512_shuffle_f32x4(a[8 + c], a[12 + c], 0x88);
    __m512 odd1 = _mm512_shuffle_f32x4(a[8 + c], a[12 + c], 0xdd);
    _mm512_storeu_ps(dst + (c + 0) * kPanel, _mm512_shuffle_f32x4(even0, even1, 0x88));
    _mm512_storeu_ps(dst + (c + 8) * kPanel, _mm512_shuffle_f32x4(even0, even1, 0xdd));
    _mm512_storeu_ps(dst + (c + 4) * kPanel, _mm512_shuffle_f32x4(odd0, odd1, 0x88));
    _mm512_storeu_ps(dst + (c + 12) * kPanel, _mm512_shuffle_f32x4(odd0, odd1, 0xdd));
  }
#else
  for (int i = 0; i < W; i++) {
    for (int k = 0; k < W; k++) dst[k * kPanel + i] = i < rows ? src[i * stride + k] : 0.0f;
  }
#endif
}

inline float pack_right(const float* src, ptrdiff_t stride, int columns, int depth,
                        const float* mean, float* dst, double* norms) {
  F most = set(0.0f);
  float rows[W * W];
  for (int c = 0; c < columns; c += W) {
    int count = columns - c < W ? columns - c : W;
    float* panel = dst + static_cast<ptrdiff_t>(c / kPanel) * depth * kPanel + c % kPanel;
    D squares[W];
    for (int i = 0; i < W; i++) squares[i] = set(0.0);
    for (int k = 0; k < depth; k += W) {
      int n = depth - k < W ? depth - k : W;
      F shift = mean == nullptr ? set(0.0f) : load(mean + k, n);
      for (int i = 0; i < count; i++) {
        const float* from = src + (c + i) * stride + k;
        F feature = n == W ? load(from) : load(from, n);
        most = larger(most, feature);
        F x = feature - shift;
        store(rows + i * W, x);
        squares[i] = fma(low(x), low(x), squares[i]);
        squares[i] = fma(high(x), high(x), squares[i]);
      }
      if (n == W) {
        transpose(rows, W, count, panel + static_cast<ptrdiff_t>(k) * kPanel);
      } else {
        for (int q = 0; q < n; q++) {
          for (int i = 0; i < W; i++) {
            panel[static_cast<ptrdiff_t>(k + q) * kPanel + i] = i < count ? rows[i * W + q] : 0.0f;
          }
        }
      }
    }
    for (int i = 0; i < count; i++) norms[c + i] += sum(squares[i]);
    bool last = columns - c <= W;
    if (last && c % kPanel == 0) {  // the second half of the last panel is empty
      for (int k = 0; k < depth; k++) store(panel + static_cast<ptrdiff_t>(k) * kPanel + W, set(0.0f));
    }
  }
  return largest(most);
}

// Rows x kPanel of the product, into out or, where the tile hangs over the edge, by way of a buffer.
template <int R>
OTF_INLINE void tile(const float* left, const float* right, int columns, int depth, float* out,
                     ptrdiff_t stride, bool add) {
  F sums[R][kVectors];
#pragma GCC unroll 16
  for (int r = 0; r < R; r++) {
    for (int v = 0; v < kVectors; v++) sums[r][v] = set(0.0f);
  }
  for (int k = 0; k < depth; k++) {
    F b0 = load(right + static_cast<ptrdiff_t>(k) * kPanel);
    F b1 = load(right + static_cast<ptrdiff_t>(k) * kPanel + W);
#pragma GCC unroll 16
    for (int r = 0; r < R; r++) {
      F a = set(left[r * kStride + k]);
      sums[r][0] = fma(a, b0, sums[r][0]);
      sums[r][1] = fma(a, b1, sums[r][1]);
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < R; r++) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; v++) {
      float* to = out + r * stride + v * W;
      int n = columns - v * W;
      if (n >= W) {
        store(to, add ? load(to) + sums[r][v] : sums[r][v]);
      } else if (n > 0) {
        store(to, add ? load(to, n) + sums[r][v] : sums[r][v], n);
      }
    }
  }
}

template <int R>
inline void rest(const float* left, const float* right, int rows, int columns, int depth, float* out,
                 ptrdiff_t stride, bool add) {
  if constexpr (R > 0) {
    if (rows == R) {
      tile<R>(left, right, columns, depth, out, stride, add);
    } else {
      rest<R - 1>(left, right, rows, columns, depth, out, stride, add);
    }
  }
}

inline void multiply(const float* left, const float* right, int rows, int columns, int depth,
                     float* out, ptrdiff_t stride, bool add) {
  for (int c = 0; c < columns; c += kPanel) {
    const float* panel = right + static_cast<ptrdiff_t>(c / kPanel) * depth * kPanel;
    for (int r = 0; r < rows; r += kRows) {
      const float* block = left + static_cast<ptrdiff_t>(r) * kStride;
      float* to = out + r * stride + c;
      if (rows - r >= kRows) {
        tile<kRows>(block, panel, columns - c, depth, to, stride, add);
      } else {
        rest<kRows - 1>(block, panel, rows - r, columns - c, depth, to, stride, add);
      }
    }
  }
}

inline void sum_rows(const float* src, ptrdiff_t stride, int rows, int columns, double* total) {
  int whole = columns / W * W;
  int r = 0;
  for (; r + 4 <= rows; r += 4) {
    const float* p = src + r * stride;
    for (int c = 0; c < whole; c += H) {
      D upper = widen(p + c) + widen(p + stride + c);
      D lower = widen(p + 2 * stride + c) + widen(p + 3 * stride + c);
      store(total + c, load(total + c) + (upper + lower));
    }
  }
  for (; r < rows; r++) {
    for (int c = 0; c < whole; c += H) {
      store(total + c, load(total + c) + widen(src + r * stride + c));
    }
  }
  for (int c = whole; c < columns; c++) {
    for (r = 0; r < rows; r++) total[c] += src[r * stride + c];
  }
}

inline bool distances(float* row, float left, const float* right, int columns, float share,
                      float least, bool root) {
  bool good = true;
  F own = set(left);
  F bound = set(share);
  F floor = set(least);
  F two = set(-2.0f);
  for (int c = 0; c < columns; c += W) {
    int n = columns - c < W ? columns - c : W;
    F total = own + load(right + c, n);
    F squared = max(set(0.0f), fma(two, load(row + c, n), total));  // keeps not-a-number
    good &= all_at_least(squared, max(bound * total, floor));
    store(row + c, root ? sqrt(squared) : squared, n);
  }
  return good;
}

inline bool cosines(float* row, float left, const float* right, int columns, float share) {
  bool good = true;
  F own = set(left);
  for (int c = 0; c < columns; c += W) {
    int n = columns - c < W ? columns - c : W;
    F value = max(set(0.0f), set(1.0f) - load(row + c, n) * (own * load(right + c, n)));
    good &= all_at_least(value, set(share));
    store(row + c, value, n);
  }
  return good;
}

inline double squared_distance(const float* x, double p, const float* y, double q, int d) {
  D left = set(p);
  D right = set(q);
  D total = set(0.0);
  for (int k = 0; k < d; k += W) {
    int n = d - k < W ? d - k : W;
    F a = load(x + k, n);
    F b = load(y + k, n);
    D first = left * low(a) - right * low(b);
    D second = left * high(a) - right * high(b);
    total = fma(first, first, total);
    total = fma(second, second, total);
  }
  return sum(total);
}

}  // namespace otf::OTF_SIMD
