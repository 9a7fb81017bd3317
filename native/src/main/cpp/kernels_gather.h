// Copies and weighted sums of runs of floats that lie scattered in the source, and a look at a run.
#pragma once

#include "kernels.h"
#include "simd.h"

namespace otf::OTF_SIMD {

template <bool Add>
OTF_INLINE void put(float* out, F x, F weight) {
  store(out, Add ? fma(weight, x, load(out)) : weight * x);
}

template <bool Add>
OTF_INLINE void put(float* out, F x, F weight, int n) {
  store(out, Add ? fma(weight, x, load(out, n)) : weight * x, n);
}

template <bool Add>
OTF_INLINE void run(float* out, const float* src, int64_t count, F weight) {
  int64_t i = 0;
  for (; i + W <= count; i += W) put<Add>(out + i, load(src + i), weight);
  if (i < count) {
    int n = static_cast<int>(count - i);
    put<Add>(out + i, load(src + i, n), weight, n);
  }
}

template <bool Add>
inline void gather_runs(float* out, const float* src, const int32_t* index, int64_t unit,
                        int64_t start, int64_t count, F weight) {
  if (unit == 1) {
    const int32_t* from = index + start;
    int64_t i = 0;
    for (; i + W <= count; i += W) put<Add>(out + i, gather(src, from + i), weight);
    for (; i < count; i++) {
      F x = set(src[from[i]]);
      put<Add>(out + i, x, weight, 1);
    }
    return;
  }
  int64_t u = start / unit;
  int64_t skip = start % unit;
  if (skip > 0) {  // the rest of a run
    int64_t length = unit - skip < count ? unit - skip : count;
    run<Add>(out, src + index[u] * unit + skip, length, weight);
    out += length;
    count -= length;
    u++;
  }
  if (unit <= W) {  // one vector a run, like the kernels of a convolution
    int n = static_cast<int>(unit);
    for (; count >= unit; count -= unit, out += unit, u++) {
      put<Add>(out, load(src + index[u] * unit, n), weight, n);
    }
  }
  for (; count > 0; u++) {
    int64_t length = unit < count ? unit : count;
    run<Add>(out, src + index[u] * unit, length, weight);
    out += length;
    count -= length;
  }
}

inline void gather_row(float* out, const float* src, const int32_t* index, int64_t unit,
                       int64_t start, int64_t count, float weight, bool add) {
  if (add) {
    gather_runs<true>(out, src, index, unit, start, count, set(weight));
  } else {
    gather_runs<false>(out, src, index, unit, start, count, set(weight));
  }
}

inline float largest_magnitude(const float* x, int64_t count) {
  constexpr int kChains = 4;
  F most[kChains];
  for (int c = 0; c < kChains; c++) most[c] = set(0.0f);
  int64_t i = 0;
  for (; i + kChains * W <= count; i += kChains * W) {
#pragma GCC unroll 4
    for (int c = 0; c < kChains; c++) most[c] = larger(most[c], load(x + i + c * W));
  }
  for (; i < count; i += W) {
    most[0] = larger(most[0], count - i < W ? load(x + i, static_cast<int>(count - i)) : load(x + i));
  }
  for (int c = 1; c < kChains; c++) most[0] = larger(most[0], most[c]);
  return largest(most[0]);
}

inline void stream_out(float* out, const float* src, int64_t count) {
  int64_t i = 0;
  while (i < count && reinterpret_cast<uintptr_t>(out + i) % (W * sizeof(float)) != 0) {
    out[i] = src[i];
    i++;
  }
  for (; i + W <= count; i += W) stream(out + i, load(src + i));
  for (; i < count; i++) out[i] = src[i];
  fence();
}

}  // namespace otf::OTF_SIMD
