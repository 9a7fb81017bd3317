// Vectors of floats and doubles for one instruction set; the file is compiled once for each, in a
// namespace of its own. F holds W floats, D the W/2 doubles of one half of it. Nothing from the
// standard library may be instantiated in these translation units: the linker could hand a copy
// made for AVX-512 to code that runs everywhere.
#pragma once

#include <stdint.h>
#include <string.h>

#if defined(__AVX2__)
#include <immintrin.h>
#elif defined(OTF_NEON)
#include <arm_neon.h>
#endif

#if defined(__AVX512F__)
#define OTF_SIMD avx512
#elif defined(__AVX2__)
#define OTF_SIMD avx2
#elif defined(OTF_NEON)
#define OTF_SIMD neon
#else
#define OTF_SIMD scalar
#endif

#define OTF_INLINE inline __attribute__((always_inline))

namespace otf::OTF_SIMD {

#if defined(__AVX512F__)

constexpr int W = 16;

struct F {
  __m512 v;
};
struct D {
  __m512d v;
};

OTF_INLINE F load(const float* p) { return {_mm512_loadu_ps(p)}; }
OTF_INLINE F load(const float* p, int n) {
  return {_mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << n) - 1), p)};
}
OTF_INLINE void store(float* p, F a) { _mm512_storeu_ps(p, a.v); }
OTF_INLINE void store(float* p, F a, int n) {
  _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1u << n) - 1), a.v);
}
OTF_INLINE void stream(float* p, F a) { _mm512_stream_ps(p, a.v); }
OTF_INLINE void fence() { _mm_sfence(); }
OTF_INLINE F set(float x) { return {_mm512_set1_ps(x)}; }
OTF_INLINE F operator+(F a, F b) { return {_mm512_add_ps(a.v, b.v)}; }
OTF_INLINE F operator-(F a, F b) { return {_mm512_sub_ps(a.v, b.v)}; }
OTF_INLINE F operator*(F a, F b) { return {_mm512_mul_ps(a.v, b.v)}; }
OTF_INLINE F operator/(F a, F b) { return {_mm512_div_ps(a.v, b.v)}; }
OTF_INLINE F fma(F a, F b, F c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
OTF_INLINE F max(F a, F b) { return {_mm512_max_ps(a.v, b.v)}; }
OTF_INLINE F min(F a, F b) { return {_mm512_min_ps(a.v, b.v)}; }
OTF_INLINE F sqrt(F a) { return {_mm512_sqrt_ps(a.v)}; }
// Whether a >= b in every lane, which not-a-number never is.
OTF_INLINE bool all_at_least(F a, F b) { return _mm512_cmp_ps_mask(a.v, b.v, _CMP_NGE_UQ) == 0; }
// The larger of most and |x|; as bits, so that infinities and not-a-number are above everything.
OTF_INLINE F larger(F most, F x) {
  __m512i bits = _mm512_and_si512(_mm512_castps_si512(x.v), _mm512_set1_epi32(0x7fffffff));
  return {_mm512_castsi512_ps(_mm512_max_epi32(_mm512_castps_si512(most.v), bits))};
}
OTF_INLINE F round(F a) { return {_mm512_roundscale_ps(a.v, 8)}; }
// a * 2^n for integral n in [-126, 127], and 0 where x is below the floor.
OTF_INLINE F scale(F a, F n, F x, F floor) {
  return {_mm512_maskz_scalef_ps(_mm512_cmp_ps_mask(x.v, floor.v, _CMP_GE_OQ), a.v, n.v)};
}
// x = 2^n * r with r in [0.75, 1.5), for normal x above 0.
OTF_INLINE void split(F x, F& n, F& r) {
  r = {_mm512_getmant_ps(x.v, _MM_MANT_NORM_p75_1p5, _MM_MANT_SIGN_zero)};
  n = {_mm512_getexp_ps(_mm512_div_ps(x.v, r.v))};
}
OTF_INLINE F gather(const float* p, const int32_t* index) {
  return {_mm512_i32gather_ps(_mm512_loadu_si512(index), p, 4)};
}

OTF_INLINE D load(const double* p) { return {_mm512_loadu_pd(p)}; }
OTF_INLINE void store(double* p, D a) { _mm512_storeu_pd(p, a.v); }
OTF_INLINE D set(double x) { return {_mm512_set1_pd(x)}; }
OTF_INLINE D operator+(D a, D b) { return {_mm512_add_pd(a.v, b.v)}; }
OTF_INLINE D operator-(D a, D b) { return {_mm512_sub_pd(a.v, b.v)}; }
OTF_INLINE D operator*(D a, D b) { return {_mm512_mul_pd(a.v, b.v)}; }
OTF_INLINE D fma(D a, D b, D c) { return {_mm512_fmadd_pd(a.v, b.v, c.v)}; }
OTF_INLINE D min(D a, D b) { return {_mm512_min_pd(a.v, b.v)}; }
OTF_INLINE D max(D a, D b) { return {_mm512_max_pd(a.v, b.v)}; }
OTF_INLINE D less(D a, D b, D x, D y) {  // a < b ? x : y
  return {_mm512_mask_blend_pd(_mm512_cmp_pd_mask(a.v, b.v, _CMP_LT_OQ), y.v, x.v)};
}
OTF_INLINE bool any_less(D a, D b) { return _mm512_cmp_pd_mask(a.v, b.v, _CMP_LT_OQ) != 0; }
OTF_INLINE D low(F a) { return {_mm512_cvtps_pd(_mm512_castps512_ps256(a.v))}; }
OTF_INLINE D high(F a) { return {_mm512_cvtps_pd(_mm512_extractf32x8_ps(a.v, 1))}; }
OTF_INLINE D widen(const float* p) { return {_mm512_cvtps_pd(_mm256_loadu_ps(p))}; }
OTF_INLINE F narrow(D a, D b) {
  return {_mm512_insertf32x8(_mm512_castps256_ps512(_mm512_cvtpd_ps(a.v)), _mm512_cvtpd_ps(b.v), 1)};
}

#elif defined(__AVX2__)

constexpr int W = 8;

struct F {
  __m256 v;
};
struct D {
  __m256d v;
};

OTF_INLINE __m256i mask(int n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
OTF_INLINE F load(const float* p) { return {_mm256_loadu_ps(p)}; }
OTF_INLINE F load(const float* p, int n) { return {_mm256_maskload_ps(p, mask(n))}; }
OTF_INLINE void store(float* p, F a) { _mm256_storeu_ps(p, a.v); }
OTF_INLINE void store(float* p, F a, int n) { _mm256_maskstore_ps(p, mask(n), a.v); }
OTF_INLINE void stream(float* p, F a) { _mm256_stream_ps(p, a.v); }
OTF_INLINE void fence() { _mm_sfence(); }
OTF_INLINE F set(float x) { return {_mm256_set1_ps(x)}; }
OTF_INLINE F operator+(F a, F b) { return {_mm256_add_ps(a.v, b.v)}; }
OTF_INLINE F operator-(F a, F b) { return {_mm256_sub_ps(a.v, b.v)}; }
OTF_INLINE F operator*(F a, F b) { return {_mm256_mul_ps(a.v, b.v)}; }
OTF_INLINE F operator/(F a, F b) { return {_mm256_div_ps(a.v, b.v)}; }
OTF_INLINE F fma(F a, F b, F c) { return {_mm256_fmadd_ps(a.v, b.v, c.v)}; }
OTF_INLINE F max(F a, F b) { return {_mm256_max_ps(a.v, b.v)}; }
OTF_INLINE F min(F a, F b) { return {_mm256_min_ps(a.v, b.v)}; }
OTF_INLINE F sqrt(F a) { return {_mm256_sqrt_ps(a.v)}; }
OTF_INLINE bool all_at_least(F a, F b) {
  return _mm256_movemask_ps(_mm256_cmp_ps(a.v, b.v, _CMP_NGE_UQ)) == 0;
}
OTF_INLINE F larger(F most, F x) {
  __m256i bits = _mm256_and_si256(_mm256_castps_si256(x.v), _mm256_set1_epi32(0x7fffffff));
  return {_mm256_castsi256_ps(_mm256_max_epi32(_mm256_castps_si256(most.v), bits))};
}
OTF_INLINE F round(F a) { return {_mm256_round_ps(a.v, 8)}; }
OTF_INLINE F scale(F a, F n, F x, F floor) {
  __m256i bits = _mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n.v), _mm256_set1_epi32(127)), 23);
  __m256 scaled = _mm256_mul_ps(a.v, _mm256_castsi256_ps(bits));
  return {_mm256_and_ps(scaled, _mm256_cmp_ps(x.v, floor.v, _CMP_GE_OQ))};
}
OTF_INLINE void split(F x, F& n, F& r) {
  __m256i bits = _mm256_castps_si256(x.v);
  __m256i shifted = _mm256_sub_epi32(bits, _mm256_set1_epi32(0x3f400000));
  __m256i exponent = _mm256_srai_epi32(shifted, 23);
  n = {_mm256_cvtepi32_ps(exponent)};
  r = {_mm256_castsi256_ps(_mm256_sub_epi32(bits, _mm256_slli_epi32(exponent, 23)))};
}
OTF_INLINE F gather(const float* p, const int32_t* index) {
  return {_mm256_i32gather_ps(p, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(index)), 4)};
}

OTF_INLINE D load(const double* p) { return {_mm256_loadu_pd(p)}; }
OTF_INLINE void store(double* p, D a) { _mm256_storeu_pd(p, a.v); }
OTF_INLINE D set(double x) { return {_mm256_set1_pd(x)}; }
OTF_INLINE D operator+(D a, D b) { return {_mm256_add_pd(a.v, b.v)}; }
OTF_INLINE D operator-(D a, D b) { return {_mm256_sub_pd(a.v, b.v)}; }
OTF_INLINE D operator*(D a, D b) { return {_mm256_mul_pd(a.v, b.v)}; }
OTF_INLINE D fma(D a, D b, D c) { return {_mm256_fmadd_pd(a.v, b.v, c.v)}; }
OTF_INLINE D min(D a, D b) { return {_mm256_min_pd(a.v, b.v)}; }
OTF_INLINE D max(D a, D b) { return {_mm256_max_pd(a.v, b.v)}; }
OTF_INLINE D less(D a, D b, D x, D y) {
  return {_mm256_blendv_pd(y.v, x.v, _mm256_cmp_pd(a.v, b.v, _CMP_LT_OQ))};
}
OTF_INLINE bool any_less(D a, D b) {
  return _mm256_movemask_pd(_mm256_cmp_pd(a.v, b.v, _CMP_LT_OQ)) != 0;
}
OTF_INLINE D low(F a) { return {_mm256_cvtps_pd(_mm256_castps256_ps128(a.v))}; }
OTF_INLINE D high(F a) { return {_mm256_cvtps_pd(_mm256_extractf128_ps(a.v, 1))}; }
OTF_INLINE D widen(const float* p) { return {_mm256_cvtps_pd(_mm_loadu_ps(p))}; }
OTF_INLINE F narrow(D a, D b) {
  return {_mm256_insertf128_ps(_mm256_castps128_ps256(_mm256_cvtpd_ps(a.v)), _mm256_cvtpd_ps(b.v), 1)};
}

#elif defined(OTF_NEON)

// Two registers a vector, so that loops with one running value have two of them under way. The larger
// and the smaller of two numbers are not-a-number where one of them is.
constexpr int W = 8;

struct F {
  float32x4_t a;
  float32x4_t b;
};
struct D {
  float64x2_t a;
  float64x2_t b;
};

OTF_INLINE float32x4_t load_first(const float* p, int n) {  // of at most 3 floats, then zeros
  float32x2_t low = vdup_n_f32(0);
  float32x2_t high = low;
  if (n >= 2) low = vld1_f32(p);
  if (n == 1) low = vld1_lane_f32(p, low, 0);
  if (n == 3) high = vld1_lane_f32(p + 2, high, 0);
  return vcombine_f32(low, high);
}
OTF_INLINE void store_first(float* p, float32x4_t x, int n) {  // at most 3 floats
  if (n >= 2) vst1_f32(p, vget_low_f32(x));
  if (n == 1) vst1q_lane_f32(p, x, 0);
  if (n == 3) vst1q_lane_f32(p + 2, x, 2);
}
OTF_INLINE F load(const float* p) { return {vld1q_f32(p), vld1q_f32(p + 4)}; }
OTF_INLINE F load(const float* p, int n) {
  if (n >= 8) return load(p);
  if (n >= 4) return {vld1q_f32(p), load_first(p + 4, n - 4)};
  return {load_first(p, n), vdupq_n_f32(0)};
}
OTF_INLINE void store(float* p, F x) {
  vst1q_f32(p, x.a);
  vst1q_f32(p + 4, x.b);
}
OTF_INLINE void store(float* p, F x, int n) {
  if (n >= 8) {
    store(p, x);
  } else if (n >= 4) {
    vst1q_f32(p, x.a);
    store_first(p + 4, x.b, n - 4);
  } else {
    store_first(p, x.a, n);
  }
}
OTF_INLINE void stream(float* p, F x) { store(p, x); }
OTF_INLINE void fence() {}
OTF_INLINE F set(float x) { return {vdupq_n_f32(x), vdupq_n_f32(x)}; }
OTF_INLINE F operator+(F x, F y) { return {vaddq_f32(x.a, y.a), vaddq_f32(x.b, y.b)}; }
OTF_INLINE F operator-(F x, F y) { return {vsubq_f32(x.a, y.a), vsubq_f32(x.b, y.b)}; }
OTF_INLINE F operator*(F x, F y) { return {vmulq_f32(x.a, y.a), vmulq_f32(x.b, y.b)}; }
OTF_INLINE F operator/(F x, F y) { return {vdivq_f32(x.a, y.a), vdivq_f32(x.b, y.b)}; }
OTF_INLINE F fma(F x, F y, F z) { return {vfmaq_f32(z.a, x.a, y.a), vfmaq_f32(z.b, x.b, y.b)}; }
OTF_INLINE F max(F x, F y) { return {vmaxq_f32(x.a, y.a), vmaxq_f32(x.b, y.b)}; }
OTF_INLINE F min(F x, F y) { return {vminq_f32(x.a, y.a), vminq_f32(x.b, y.b)}; }
OTF_INLINE F sqrt(F x) { return {vsqrtq_f32(x.a), vsqrtq_f32(x.b)}; }
OTF_INLINE bool all_at_least(F x, F y) {
  return vminvq_u32(vandq_u32(vcgeq_f32(x.a, y.a), vcgeq_f32(x.b, y.b))) != 0;
}
OTF_INLINE float32x4_t larger(float32x4_t most, float32x4_t x) {
  int32x4_t bits = vreinterpretq_s32_f32(vabsq_f32(x));
  return vreinterpretq_f32_s32(vmaxq_s32(vreinterpretq_s32_f32(most), bits));
}
OTF_INLINE F larger(F most, F x) { return {larger(most.a, x.a), larger(most.b, x.b)}; }
OTF_INLINE F round(F x) { return {vrndnq_f32(x.a), vrndnq_f32(x.b)}; }
OTF_INLINE float32x4_t scale(float32x4_t y, float32x4_t n, float32x4_t x, float32x4_t floor) {
  int32x4_t bits = vshlq_n_s32(vaddq_s32(vcvtq_s32_f32(n), vdupq_n_s32(127)), 23);
  float32x4_t scaled = vmulq_f32(y, vreinterpretq_f32_s32(bits));
  return vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(scaled), vcgeq_f32(x, floor)));
}
OTF_INLINE F scale(F y, F n, F x, F floor) {
  return {scale(y.a, n.a, x.a, floor.a), scale(y.b, n.b, x.b, floor.b)};
}
OTF_INLINE void split(float32x4_t x, float32x4_t& n, float32x4_t& r) {
  int32x4_t bits = vreinterpretq_s32_f32(x);
  int32x4_t exponent = vshrq_n_s32(vsubq_s32(bits, vdupq_n_s32(0x3f400000)), 23);
  n = vcvtq_f32_s32(exponent);
  r = vreinterpretq_f32_s32(vsubq_s32(bits, vshlq_n_s32(exponent, 23)));
}
OTF_INLINE void split(F x, F& n, F& r) {
  split(x.a, n.a, r.a);
  split(x.b, n.b, r.b);
}
OTF_INLINE float32x4_t gather_half(const float* p, const int32_t* index) {  // one by one
  return float32x4_t{p[index[0]], p[index[1]], p[index[2]], p[index[3]]};
}
OTF_INLINE F gather(const float* p, const int32_t* index) {
  return {gather_half(p, index), gather_half(p, index + 4)};
}

OTF_INLINE D load(const double* p) { return {vld1q_f64(p), vld1q_f64(p + 2)}; }
OTF_INLINE void store(double* p, D x) {
  vst1q_f64(p, x.a);
  vst1q_f64(p + 2, x.b);
}
OTF_INLINE D set(double x) { return {vdupq_n_f64(x), vdupq_n_f64(x)}; }
OTF_INLINE D operator+(D x, D y) { return {vaddq_f64(x.a, y.a), vaddq_f64(x.b, y.b)}; }
OTF_INLINE D operator-(D x, D y) { return {vsubq_f64(x.a, y.a), vsubq_f64(x.b, y.b)}; }
OTF_INLINE D operator*(D x, D y) { return {vmulq_f64(x.a, y.a), vmulq_f64(x.b, y.b)}; }
OTF_INLINE D fma(D x, D y, D z) { return {vfmaq_f64(z.a, x.a, y.a), vfmaq_f64(z.b, x.b, y.b)}; }
OTF_INLINE D min(D x, D y) { return {vminq_f64(x.a, y.a), vminq_f64(x.b, y.b)}; }
OTF_INLINE D max(D x, D y) { return {vmaxq_f64(x.a, y.a), vmaxq_f64(x.b, y.b)}; }
OTF_INLINE D less(D p, D q, D x, D y) {
  return {vbslq_f64(vcltq_f64(p.a, q.a), x.a, y.a), vbslq_f64(vcltq_f64(p.b, q.b), x.b, y.b)};
}
OTF_INLINE bool any_less(D x, D y) {
  uint64x2_t any = vorrq_u64(vcltq_f64(x.a, y.a), vcltq_f64(x.b, y.b));
  return vmaxvq_u32(vreinterpretq_u32_u64(any)) != 0;
}
OTF_INLINE D widen(float32x4_t x) { return {vcvt_f64_f32(vget_low_f32(x)), vcvt_high_f64_f32(x)}; }
OTF_INLINE D low(F x) { return widen(x.a); }
OTF_INLINE D high(F x) { return widen(x.b); }
OTF_INLINE D widen(const float* p) { return widen(vld1q_f32(p)); }
OTF_INLINE float32x4_t narrow(D x) { return vcvt_high_f32_f64(vcvt_f32_f64(x.a), x.b); }
OTF_INLINE F narrow(D x, D y) { return {narrow(x), narrow(y)}; }

#else

constexpr int W = 8;

struct F {
  float v[W];
};
struct D {
  double v[W / 2];
};

#define OTF_EACH(T, N, expression)         \
  T r;                                     \
  for (int i = 0; i < N; i++) r.v[i] = (expression); \
  return r

OTF_INLINE F load(const float* p) { OTF_EACH(F, W, p[i]); }
OTF_INLINE F load(const float* p, int n) { OTF_EACH(F, W, i < n ? p[i] : 0.0f); }
OTF_INLINE void store(float* p, F a) { memcpy(p, a.v, sizeof a.v); }
OTF_INLINE void store(float* p, F a, int n) { memcpy(p, a.v, n * sizeof(float)); }
OTF_INLINE void stream(float* p, F a) { store(p, a); }
OTF_INLINE void fence() {}
OTF_INLINE F set(float x) { OTF_EACH(F, W, x); }
OTF_INLINE F operator+(F a, F b) { OTF_EACH(F, W, a.v[i] + b.v[i]); }
OTF_INLINE F operator-(F a, F b) { OTF_EACH(F, W, a.v[i] - b.v[i]); }
OTF_INLINE F operator*(F a, F b) { OTF_EACH(F, W, a.v[i] * b.v[i]); }
OTF_INLINE F operator/(F a, F b) { OTF_EACH(F, W, a.v[i] / b.v[i]); }
OTF_INLINE F fma(F a, F b, F c) { OTF_EACH(F, W, a.v[i] * b.v[i] + c.v[i]); }
OTF_INLINE F max(F a, F b) { OTF_EACH(F, W, a.v[i] > b.v[i] ? a.v[i] : b.v[i]); }
OTF_INLINE F min(F a, F b) { OTF_EACH(F, W, a.v[i] < b.v[i] ? a.v[i] : b.v[i]); }
OTF_INLINE F sqrt(F a) { OTF_EACH(F, W, __builtin_sqrtf(a.v[i])); }
OTF_INLINE bool all_at_least(F a, F b) {
  bool all = true;
  for (int i = 0; i < W; i++) all &= a.v[i] >= b.v[i];
  return all;
}
OTF_INLINE F larger(F most, F x) {
  int32_t bits[W];
  int32_t best[W];
  memcpy(bits, x.v, sizeof bits);
  memcpy(best, most.v, sizeof best);
  for (int i = 0; i < W; i++) {
    int32_t size = bits[i] & 0x7fffffff;
    best[i] = size > best[i] ? size : best[i];
  }
  F r;
  memcpy(r.v, best, sizeof best);
  return r;
}
// Adding and taking away 1.5 * 2^23 rounds to the nearest integer below 2^22.
OTF_INLINE F round(F a) { OTF_EACH(F, W, (a.v[i] + 12582912.0f) - 12582912.0f); }
OTF_INLINE F scale(F a, F n, F x, F floor) {
  F r;
  for (int i = 0; i < W; i++) {
    uint32_t bits = static_cast<uint32_t>(static_cast<int32_t>(n.v[i]) + 127) << 23;
    float power;
    memcpy(&power, &bits, sizeof power);
    r.v[i] = x.v[i] >= floor.v[i] ? a.v[i] * power : 0.0f;
  }
  return r;
}
OTF_INLINE void split(F x, F& n, F& r) {
  for (int i = 0; i < W; i++) {
    int32_t bits;
    memcpy(&bits, &x.v[i], sizeof bits);
    int32_t exponent = (bits - 0x3f400000) >> 23;
    bits -= exponent * (1 << 23);
    n.v[i] = static_cast<float>(exponent);
    memcpy(&r.v[i], &bits, sizeof bits);
  }
}
OTF_INLINE F gather(const float* p, const int32_t* index) { OTF_EACH(F, W, p[index[i]]); }

OTF_INLINE D load(const double* p) { OTF_EACH(D, W / 2, p[i]); }
OTF_INLINE void store(double* p, D a) { memcpy(p, a.v, sizeof a.v); }
OTF_INLINE D set(double x) { OTF_EACH(D, W / 2, x); }
OTF_INLINE D operator+(D a, D b) { OTF_EACH(D, W / 2, a.v[i] + b.v[i]); }
OTF_INLINE D operator-(D a, D b) { OTF_EACH(D, W / 2, a.v[i] - b.v[i]); }
OTF_INLINE D operator*(D a, D b) { OTF_EACH(D, W / 2, a.v[i] * b.v[i]); }
OTF_INLINE D fma(D a, D b, D c) { OTF_EACH(D, W / 2, a.v[i] * b.v[i] + c.v[i]); }
OTF_INLINE D min(D a, D b) { OTF_EACH(D, W / 2, a.v[i] < b.v[i] ? a.v[i] : b.v[i]); }
OTF_INLINE D max(D a, D b) { OTF_EACH(D, W / 2, a.v[i] > b.v[i] ? a.v[i] : b.v[i]); }
OTF_INLINE D less(D a, D b, D x, D y) { OTF_EACH(D, W / 2, a.v[i] < b.v[i] ? x.v[i] : y.v[i]); }
OTF_INLINE bool any_less(D a, D b) {
  bool any = false;
  for (int i = 0; i < W / 2; i++) any |= a.v[i] < b.v[i];
  return any;
}
OTF_INLINE D low(F a) { OTF_EACH(D, W / 2, a.v[i]); }
OTF_INLINE D high(F a) { OTF_EACH(D, W / 2, a.v[i + W / 2]); }
OTF_INLINE D widen(const float* p) { OTF_EACH(D, W / 2, p[i]); }
OTF_INLINE F narrow(D a, D b) {
  OTF_EACH(F, W, static_cast<float>(i < W / 2 ? a.v[i] : b.v[i - W / 2]));
}

#undef OTF_EACH

#endif

constexpr int H = W / 2;  // doubles in a D

// How much of a vector lies within an array: all of it, known when compiling, or the first n floats.
struct Whole {};
struct Part {
  int n;
};
OTF_INLINE F load(const float* p, Whole) { return load(p); }
OTF_INLINE F load(const float* p, Part part) { return load(p, part.n); }
OTF_INLINE void store(float* p, F a, Whole) { store(p, a); }
OTF_INLINE void store(float* p, F a, Part part) { store(p, a, part.n); }
OTF_INLINE F keep(F a, Whole) { return a; }
OTF_INLINE F keep(F a, Part part) {  // zero beyond the array
  float lanes[W];
  store(lanes, set(0.0f));
  store(lanes, a, part.n);
  return load(lanes);
}

// body(j, extent) for the vectors of an array.
template <class Body>
OTF_INLINE void sweep(int m, Body&& body) {
  int j = 0;
  for (; j + W <= m; j += W) body(j, Whole{});
  if (j < m) body(j, Part{m - j});
}

// The sum of all lanes, in double and always in the same order.
OTF_INLINE double sum(D a) {
  double lanes[H];
  store(lanes, a);
  double total = 0;
  for (int i = 0; i < H; i++) total += lanes[i];
  return total;
}
OTF_INLINE double sum(F a) { return sum(low(a) + high(a)); }

// The largest lane of what larger() gave.
OTF_INLINE float largest(F a) {
  float lanes[W];
  int32_t bits[W];
  store(lanes, a);
  memcpy(bits, lanes, sizeof bits);
  int32_t best = bits[0];
  for (int i = 1; i < W; i++) best = bits[i] > best ? bits[i] : best;
  float result;
  memcpy(&result, &best, sizeof result);
  return result;
}

// Below this exponent a power counts as 0, so that products with scalings stay normal numbers.
constexpr float kFloor = -100.0f;
constexpr float kCeiling = 100.0f;

// 2^x, relative error below 2e-7; 0 below kFloor, 2^kCeiling above that. The polynomial is a
// minimax fit of 2^r on [-1/2, 1/2].
OTF_INLINE F exp2(F x) {
  F top = min(x, set(kCeiling));
  F n = round(max(top, set(kFloor - 1)));
  F r = top - n;
  F p = set(0x1.5bba14p-10f);
  p = fma(p, r, set(0x1.3cea88p-7f));
  p = fma(p, r, set(0x1.c6b752p-5f));
  p = fma(p, r, set(0x1.ebf9bcp-3f));
  p = fma(p, r, set(0x1.62e42ap-1f));
  p = fma(p, r, set(1.0f));
  return scale(p, n, top, set(kFloor));
}

// log2(x) by the series of the inverse hyperbolic tangent, error below 3e-7; -126 where x is not a
// normal number above 0.
OTF_INLINE F log2(F x) {
  F n;
  F r;
  split(max(x, set(0x1p-126f)), n, r);
  F t = (r - set(1.0f)) / (r + set(1.0f));
  F square = t * t;
  F p = set(0.2623081893f);
  p = fma(p, square, set(0.3205988979f));
  p = fma(p, square, set(0.4121985831f));
  p = fma(p, square, set(0.5770780164f));
  p = fma(p, square, set(0.9617966939f));
  p = fma(p, square, set(2.8853900818f));
  return fma(p, t, n);
}

}  // namespace otf::OTF_SIMD
