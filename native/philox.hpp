// Philox 4×32-10 (Salmon et al. 2011), the same stream as equations/dropout.py's: 128 random bits from a key and a counter,
// without any state; for VL counters at once.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "simd.hpp"

namespace deltaw::DELTAW_ISA {

constexpr int DRAWS_PER_BLOCK = 8;  // of 16 bits each: one for each unit
inline std::size_t blocks_for(int units) { return std::size_t(units + DRAWS_PER_BLOCK - 1) / DRAWS_PER_BLOCK; }

namespace detail {

typedef std::uint64_t vu64 __attribute__((vector_size(4 * VL)));
constexpr int LANES = VL / 2;

// A word of the counter is the low half of its lane. The high half is never read, and holds what a product left there.
inline vu64 times_low_halves(vu64 x, std::uint32_t factor) {
#if defined(__AVX512F__)
  return (vu64)_mm512_maskz_mul_epu32(0xff, (__m512i)x, _mm512_set1_epi64(factor));
#elif defined(__AVX2__)
  return (vu64)_mm256_mul_epu32((__m256i)x, _mm256_set1_epi64x(factor));
#elif defined(__SSE2__)
  return (vu64)_mm_mul_epu32((__m128i)x, _mm_set1_epi64x(factor));
#else
  return (x & 0xffffffffu) * factor;
#endif
}

// Lanes Odd, Odd + 2, … of a and b in turn: one instruction, since it stays within each 128 bits.
template <int Odd, int... I>
inline vu64 in_turn(vu64 a, vu64 b, std::integer_sequence<int, I...>) {
  return __builtin_shufflevector(a, b, (I / 2 * 2 + Odd + I % 2 * LANES)...);
}
// That takes the even lanes first, and then the odd ones; so the counters are laid out the other way round.
template <int... I>
inline vu64 counters_from(std::uint32_t first, std::integer_sequence<int, I...>) {
  return vu64{std::uint64_t(I / 2 + I % 2 * (LANES / 2))...} + first;
}

// The blocks of VL counters (first, layer, step), (first + 1, layer, step) …, one after another. In two halves, so that
// neither waits for its products.
inline void philox(std::uint64_t key, std::uint32_t first, std::uint32_t layer, std::uint64_t step, std::uint16_t* to) {
  using All = std::make_integer_sequence<int, LANES>;
  vu64 x[2][4];
#pragma GCC unroll 2
  for (int h = 0; h < 2; ++h) {
    x[h][0] = counters_from(first + h * LANES, All{});
    x[h][1] = vu64{} + layer;
    x[h][2] = vu64{} + step;
    x[h][3] = vu64{} + (step >> 32);
  }
  std::uint32_t k0 = std::uint32_t(key), k1 = std::uint32_t(key >> 32);
#pragma GCC unroll 10
  for (int round = 0; round < 10; ++round) {
#pragma GCC unroll 2
    for (int h = 0; h < 2; ++h) {
      const vu64 p0 = times_low_halves(x[h][0], 0xD2511F53u), p1 = times_low_halves(x[h][2], 0xCD9E8D57u);
      x[h][0] = (p1 >> 32) ^ x[h][1] ^ k0;
      x[h][1] = p1;
      x[h][2] = (p0 >> 32) ^ x[h][3] ^ k1;
      x[h][3] = p0;
    }
    k0 += 0x9E3779B9u, k1 += 0xBB67AE85u;
  }
#pragma GCC unroll 2
  for (int h = 0; h < 2; ++h) {
    const vu64 words01 = (x[h][0] & 0xffffffffu) | (x[h][1] << 32), words23 = (x[h][2] & 0xffffffffu) | (x[h][3] << 32);
    const vu64 blocks[2] = {in_turn<0>(words01, words23, All{}), in_turn<1>(words01, words23, All{})};
    std::memcpy(to + h * LANES * DRAWS_PER_BLOCK, blocks, sizeof blocks);
  }
}

}  // namespace detail

// 16 bits for each unit of rows `row` … `row + rows`, whole blocks a row, one row after another.
inline void draw_rows(std::uint64_t key, std::uint64_t step, int layer, std::int64_t row, int rows, int units,
                      std::uint16_t* to) {
  constexpr std::size_t AT_ONCE = VL;
  const std::size_t each = blocks_for(units), n = rows * each;
  const std::uint32_t first = std::uint32_t(row * each);
  std::size_t i = 0;
  for (; i + AT_ONCE <= n; i += AT_ONCE)
    detail::philox(key, std::uint32_t(first + i), layer, step, to + i * DRAWS_PER_BLOCK);
  if (i == n) return;
  std::uint16_t rest[AT_ONCE * DRAWS_PER_BLOCK];
  detail::philox(key, std::uint32_t(first + i), layer, step, rest);
  std::memcpy(to + i * DRAWS_PER_BLOCK, rest, (n - i) * DRAWS_PER_BLOCK * sizeof *to);
}

// How one layer's outputs are thinned out in one step: a unit whose draw is below `cut` is dropped, another one is multiplied
// by 1 / (1 − cut/65536).
struct Dropout {
  const std::uint16_t* draws = nullptr;  // nullptr: nothing is dropped in this layer
  std::size_t ld = 0;
  int cut = 0;
  float kept = 1.0f;

  Dropout() = default;
  Dropout(const std::uint16_t* draws_, int units, double rate)
      : draws(draws_), ld(blocks_for(units) * DRAWS_PER_BLOCK),
        cut(std::min(int(std::nearbyint(std::min(1.0, std::max(0.0, rate)) * 65536.0)), 65535)),
        kept(float(1.0 / (1.0 - cut / 65536.0))) {}

  // Row r of x, from vector v0 to v1, times its factors.
  void apply(int r, const float* x, float* to, int v0, int v1) const {
    for (int i = v0 * VL; i < v1 * VL; i += VL) store(to + i, load(x + i) * select(drawn(r, i) < cut, zero(), splat(kept)));
  }

 private:
  // The draws of a vector of units. What lies behind a row's last block belongs to the next row, which another thread may be
  // drawing just now.
  vi drawn(int r, int i) const {
    const std::uint16_t* at = draws + r * ld + i;
    if (VL <= DRAWS_PER_BLOCK || i + VL <= int(ld)) return load_as_int(at);
    std::uint16_t block[VL] = {};
    std::memcpy(block, at, DRAWS_PER_BLOCK * sizeof *at);
    return load_as_int(block);
  }
};

}  // namespace deltaw::DELTAW_ISA
