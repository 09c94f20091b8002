// One vector type, `vf`, of VL floats: as wide as the instruction set that this translation unit is compiled
// for. The whole core is compiled once for each set, in a namespace (and a Python module) of its own, so that
// no code for a newer processor can be linked into the path of an older one.
//
// Products that are summed go through fma() by name and the compiler contracts nothing else: the same sum has
// the same bits wherever it stands.
#pragma once

#include <cstdint>
#include <cstring>
#include <utility>

#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#elif defined(__wasm_simd128__)
#include <wasm_simd128.h>
#endif

#ifndef DELTAW_ISA
#error "DELTAW_ISA: the name of the instruction set, given by CMakeLists.txt"
#endif

namespace deltaw::DELTAW_ISA {

#if defined(__AVX512F__)
constexpr int VL = 16;
#elif defined(__AVX2__)
constexpr int VL = 8;
#else
constexpr int VL = 4;
#endif

// The tile of a matrix product that the registers hold: TILE_ROWS rows of NV vectors. 32 registers: 24 sums, the
// rest for operands; 16 registers: 12 sums.
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int TILE_ROWS = 8, TILE_VECTORS = 3;
#else
constexpr int TILE_ROWS = 4, TILE_VECTORS = 3;
#endif

typedef float vf __attribute__((vector_size(4 * VL)));
typedef std::int32_t vi __attribute__((vector_size(4 * VL)));

// Prefetch memory. GCC takes a function that only prefetches for one without effect and drops calls to it; therefore such
// functions are always inlined.
#define DELTAW_PREFETCHES [[gnu::always_inline]] inline
DELTAW_PREFETCHES void prefetch_bytes(const void* from, std::int64_t bytes) {
  for (std::int64_t i = 0; i < bytes; i += 64) __builtin_prefetch(static_cast<const char*>(from) + i);
}

inline vf load(const float* p) {
  vf v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
inline void store(float* p, vf v) { std::memcpy(p, &v, sizeof v); }
inline void store(std::int32_t* p, vi v) { std::memcpy(p, &v, sizeof v); }
// In every lane its number.
inline vi numbered() {
  vi lane;
  for (int i = 0; i < VL; ++i) lane[i] = i;
  return lane;
}
// x in every lane. By name where it is in a product's inner loop: 0 + x is no x where that is −0, so that compilers add.
inline vf splat(float x) {
#if defined(__AVX512F__)
  return _mm512_set1_ps(x);
#elif defined(__AVX2__)
  return _mm256_set1_ps(x);
#else
  return vf{} + x;
#endif
}
inline vf zero() { return vf{}; }

inline vf fma(vf a, vf b, vf c) {
#if defined(__AVX512F__)
  return _mm512_fmadd_ps(a, b, c);
#elif defined(__FMA__)
  return _mm256_fmadd_ps(a, b, c);
#elif defined(__aarch64__)
  return vfmaq_f32(c, a, b);
#else
  return a * b + c;
#endif
}

// Vectors of doubles, half as many lanes: for results that must equal NumPy's float64 bit for bit.
constexpr int DOUBLES = VL / 2;
typedef double vd __attribute__((vector_size(4 * VL)));
inline vd load(const double* p) {
  vd v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
typedef float half_vf __attribute__((vector_size(2 * VL)));
typedef std::int32_t half_vi __attribute__((vector_size(2 * VL)));
inline vd load_doubles(const float* p) {
  half_vf v;
  std::memcpy(&v, p, sizeof v);
#if defined(__AVX512F__)
  return _mm512_maskz_cvtps_pd(0xff, v);
#elif defined(__AVX2__)
  return _mm256_cvtps_pd(v);
#else
  return __builtin_convertvector(v, vd);
#endif
}
inline void store_floats(float* p, vd x) {
  const half_vf v = __builtin_convertvector(x, half_vf);
  std::memcpy(p, &v, sizeof v);
}
inline vd square_root(vd x) {
#if defined(__AVX512F__)
  return _mm512_maskz_sqrt_pd(0xff, x);
#elif defined(__AVX2__)
  return _mm256_sqrt_pd(x);
#elif defined(__SSE2__)
  return _mm_sqrt_pd(x);
#elif defined(__wasm_simd128__)
  return (vd)wasm_f64x2_sqrt((v128_t)x);
#else
  for (int i = 0; i < DOUBLES; ++i) x[i] = __builtin_sqrt(x[i]);
  return x;
#endif
}

inline vf select(vi mask, vf yes, vf no) { return mask ? yes : no; }

// a > b ? a : b, and a < b ? a : b: b where one of them is no number. So a bound stands first: max(bound, x) hands a NaN
// on, max(x, bound) swallows it. One instruction, which compilers don't find.
inline vf max(vf a, vf b) {
#if defined(__AVX512F__)
  return _mm512_maskz_max_ps(0xffff, a, b);
#elif defined(__AVX2__)
  return _mm256_max_ps(a, b);
#elif defined(__SSE2__)
  return _mm_max_ps(a, b);
#elif defined(__wasm_simd128__)
  return (vf)wasm_f32x4_pmax((v128_t)b, (v128_t)a);  // (x, y): x < y ? y : x
#else
  return select(a > b, a, b);
#endif
}
inline vf min(vf a, vf b) {
#if defined(__AVX512F__)
  return _mm512_maskz_min_ps(0xffff, a, b);
#elif defined(__AVX2__)
  return _mm256_min_ps(a, b);
#elif defined(__SSE2__)
  return _mm_min_ps(a, b);
#elif defined(__wasm_simd128__)
  return (vf)wasm_f32x4_pmin((v128_t)b, (v128_t)a);
#else
  return select(a < b, a, b);
#endif
}
inline vf abs(vf a) { return (vf)((vi)a & 0x7fffffff); }

// VL numbers as floats.
inline vf load_as_float(const float* p) { return load(p); }
inline vf load_as_float(const std::uint8_t* p) {
#if defined(__AVX512F__)
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  return _mm512_maskz_cvtepi32_ps(0xffff, _mm512_maskz_cvtepu8_epi32(0xffff, bytes));
#else
  vf x;
  for (int i = 0; i < VL; ++i) x[i] = float(p[i]);
  return x;
#endif
}

inline vi load_as_int(const std::uint16_t* p) {
#if defined(__AVX512F__)
  return (vi)_mm512_maskz_cvtepu16_epi32(0xffff, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
#elif defined(__AVX2__)
  return (vi)_mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
#elif defined(__SSE2__)
  return (vi)_mm_unpacklo_epi16(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)), _mm_setzero_si128());
#elif defined(__wasm_simd128__)
  return (vi)wasm_u32x4_load16x4(p);
#else
  vi x;
  for (int i = 0; i < VL; ++i) x[i] = p[i];
  return x;
#endif
}

// The lanes whose bits are set, moved to the front; and a bit for each lane in which two vectors differ.
#if defined(__AVX512F__)
constexpr bool COMPRESSES = true;
inline vf compress(vf x, unsigned lanes) { return _mm512_maskz_compress_ps(__mmask16(lanes), x); }
inline unsigned unequal(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_NEQ_UQ); }
#else
constexpr bool COMPRESSES = false;  // one by one is quicker
inline vf compress(vf x, unsigned) { return x; }
inline unsigned unequal(vf, vf) { return 0; }
#endif

// √x for x ≥ 0, and a/x for x > 0. True ones cost wide vectors as much as the matrix product whose gradient they
// follow: there the processor's estimates of 1/√x and 1/x, right to 12 or 14 bits, and a step of Newton's method are
// quicker. Narrow ones need more steps and no fma: there the true ones are.
#if defined(__AVX2__)
inline vf estimate_reciprocal_sqrt(vf x) {
#if defined(__AVX512F__)
  return _mm512_maskz_rsqrt14_ps(0xffff, x);
#else
  return _mm256_rsqrt_ps(x);
#endif
}
inline vf estimate_reciprocal(vf x) {
#if defined(__AVX512F__)
  return _mm512_maskz_rcp14_ps(0xffff, x);
#else
  return _mm256_rcp_ps(x);
#endif
}

// From y ≈ 1/√x, s = x y, and one step, s + (x − s²) y/2. The smallest normal number stands in for 0 under the estimate.
inline vf square_root(vf x) {
  const vf y = estimate_reciprocal_sqrt(max(x, splat(1.1754944e-38f)));
  const vf s = x * y, half_y = (vf)((vi)y - 0x00800000);  // one less in the exponent: the units for floats are busy
  return fma(fma(-s, s, x), half_y, s);
}

// From y ≈ 1/x, q = a y, and one step, q + (a − q x) y.
inline vf quotient(vf a, vf x) {
  const vf y = estimate_reciprocal(x);
  const vf q = a * y;
  return fma(fma(-q, x, a), y, q);
}
#else
inline vf square_root(vf x) {
#if defined(__SSE2__)
  return _mm_sqrt_ps(x);
#elif defined(__aarch64__)
  return vsqrtq_f32(x);
#elif defined(__wasm_simd128__)
  return (vf)wasm_f32x4_sqrt((v128_t)x);
#else
  vf y;
  for (int i = 0; i < VL; ++i) y[i] = __builtin_sqrtf(x[i]);
  return y;
#endif
}
inline vf quotient(vf a, vf x) { return a / x; }
#endif

// The x between which eˣ = 2ⁿ eʳ below is a product of normal floats.
constexpr float EXP_LEAST = -87.0f, EXP_MOST = 88.37f;

// eˣ for EXP_LEAST ≤ x ≤ EXP_MOST: x = n ln 2 + r with |r| ≤ ½ ln 2, then 2ⁿ by the exponent's bits and eʳ by its
// series to r⁶ (truncation below 2⁻²⁴).
inline vf exp_within(vf x) {
  const vf round = splat(12582912.0f);  // 1.5 · 2²³: adding it rounds to the nearest integer
  vf shifted = fma(x, splat(1.44269504f), round);
  vf n = shifted - round;
  vf r = fma(n, splat(-0.693145752f), x);
  r = fma(n, splat(-1.42860677e-6f), r);
  vf p = splat(1.0f / 720.0f);
  p = fma(p, r, splat(1.0f / 120.0f));
  p = fma(p, r, splat(1.0f / 24.0f));
  p = fma(p, r, splat(1.0f / 6.0f));
  p = fma(p, r, splat(0.5f));
  p = fma(p * r, r, r) + 1.0f;
#if defined(__AVX512F__)
  return _mm512_maskz_scalef_ps(0xffff, p, n);
#else
  return p * (vf)(((vi)shifted << 23) + 0x3f800000);  // what `round` adds to n's bits is shifted out
#endif
}
// eˣ for x ≤ EXP_MOST; it stays at the least normal float below EXP_LEAST.
inline vf exp_below(vf x) { return exp_within(max(splat(EXP_LEAST), x)); }
// The same for any x: infinite above EXP_MOST, two thirds of what a float can hold.
inline vf exp(vf x) {
  return select(x > EXP_MOST, splat(__builtin_inff()), exp_below(min(splat(EXP_MOST), x)));
}

// ln x for normal x > 0, and of infinity and NaN themselves: x = 2ᵉ m with m in [√½, √2), ln m = 2 atanh(s) for s = (m
// − 1)/(m + 1), |s| < 0.172.
inline vf log(vf x) {
  vi bits = (vi)x;
  vi e = (bits - 0x3f3504f3) >> 23;
  vf m = (vf)(bits - (e << 23));
  vf s = (m - 1.0f) / (m + 1.0f);
  vf q = s * s;
  vf p = splat(1.0f / 9.0f);
  p = fma(p, q, splat(1.0f / 7.0f));
  p = fma(p, q, splat(1.0f / 5.0f));
  p = fma(p, q, splat(1.0f / 3.0f));
  vf ln_m = 2.0f * fma(p * q, s, s);
  return select(x < __builtin_inff(), fma(__builtin_convertvector(e, vf), splat(0.693147181f), ln_m), x);
}

// tanh x: its odd series near 0, where 1 − 2/(e²ˣ + 1) would lose the digits of a small x.
inline vf tanh(vf x) {
  vf a = abs(x);
  vf q = x * x;
  vf p = splat(-1382.0f / 155925.0f);
  p = fma(p, q, splat(62.0f / 2835.0f));
  p = fma(p, q, splat(-17.0f / 315.0f));
  p = fma(p, q, splat(2.0f / 15.0f));
  p = fma(p, q, splat(-1.0f / 3.0f));
  vf near = fma(p * q, x, x);
  vf far = 1.0f - 2.0f / (exp_within(min(splat(40.0f), 2.0f * a)) + 1.0f);  // 1 long before 40
  far = select(x < 0.0f, -far, far);
  return select(a < 0.3f, near, far);
}

// The lanes of vector v of a row of n numbers that hold one of them.
inline vi inside(int v, int n) { return numbered() < (n - v * VL); }
inline vf keep(vi mask, vf x) { return select(mask, x, zero()); }

namespace detail {
template <int Half, int... I>
inline vf interleave(vf a, vf b, std::integer_sequence<int, I...>) {
  return __builtin_shufflevector(a, b, ((I % 2 ? VL : 0) + Half + I / 2)...);
}
template <int By, int... I>
inline vf rotate(vf a, std::integer_sequence<int, I...>) {
  return __builtin_shufflevector(a, a, ((I + By) % VL)...);
}
// Join all lanes by `join`, halves first: the same order everywhere.
template <int Width, class Join>
inline vf across(vf a, Join join) {
  if constexpr (Width == 0) return a;
  else return across<Width / 2>(join(a, rotate<Width>(a, std::make_integer_sequence<int, VL>{})), join);
}
}  // namespace detail

inline float sum(vf x) { return detail::across<VL / 2>(x, [](vf a, vf b) { return a + b; })[0]; }
inline float largest(vf x) { return detail::across<VL / 2>(x, [](vf a, vf b) { return max(a, b); })[0]; }

// Transpose VL vectors in place: log2(VL) perfect shuffles of the first half with the second. Each of these stages is code of
// its own: a loop over them would keep x in memory.
template <int Stage = VL>
inline void transpose(vf (&x)[VL]) {
  using All = std::make_integer_sequence<int, VL>;
  vf y[VL];
#pragma GCC unroll 16
  for (int i = 0; i < VL / 2; ++i) {
    y[2 * i] = detail::interleave<0>(x[i], x[i + VL / 2], All{});
    y[2 * i + 1] = detail::interleave<VL / 2>(x[i], x[i + VL / 2], All{});
  }
#pragma GCC unroll 16
  for (int i = 0; i < VL; ++i) x[i] = y[i];
  if constexpr (Stage > 2) transpose<Stage / 2>(x);
}

// Lane i of the result: the sum of the lanes of x[i]. The stages of `transpose`, adding on the way: half the shuffles.
template <int N = VL>
inline vf sums_of(vf (&x)[VL]) {
  using All = std::make_integer_sequence<int, VL>;
#pragma GCC unroll 16
  for (int i = 0; i < N / 2; ++i)
    x[i] = detail::interleave<0>(x[i], x[i + N / 2], All{}) + detail::interleave<VL / 2>(x[i], x[i + N / 2], All{});
  if constexpr (N > 2) return sums_of<N / 2>(x);
  else return x[0];
}

}  // namespace deltaw::DELTAW_ISA
