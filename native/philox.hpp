// Philox 4×64-10 (Salmon et al. 2011), the same stream as NumPy's and equations/dropout.py's: 256 random bits
// from a key and a counter, without any state.
#pragma once

#include <array>
#include <cstdint>

namespace deltaw::DELTAW_ISA {

using Block = std::array<std::uint64_t, 4>;

inline Block philox(Block counter, std::uint64_t key0, std::uint64_t key1) {
  for (int round = 0; round < 10; ++round) {
    const auto p0 = static_cast<unsigned __int128>(0xD2E7470EE14C6C93ULL) * counter[0];
    const auto p1 = static_cast<unsigned __int128>(0xCA5A826395121157ULL) * counter[2];
    counter = {std::uint64_t(p1 >> 64) ^ counter[1] ^ key0, std::uint64_t(p1),
               std::uint64_t(p0 >> 64) ^ counter[3] ^ key1, std::uint64_t(p0)};
    key0 += 0x9E3779B97F4A7C15ULL;
    key1 += 0xBB67AE8584CAA73BULL;
  }
  return counter;
}

constexpr int UNITS_PER_BLOCK = 16;  // 16 bits a unit

// The dropout factors of one row's units: 0 for those whose 16 bits are below `cut`, else 1 / (1 − cut/65536).
// NumPy counts up before it draws, hence index + 1.
inline void dropout_row(std::uint64_t key, std::uint64_t step, std::uint64_t layer, std::uint64_t row, int units,
                        int cut, float* factors) {
  const float kept = float(1.0 / (1.0 - cut / 65536.0));
  const int blocks = (units + UNITS_PER_BLOCK - 1) / UNITS_PER_BLOCK;
  for (int b = 0; b < blocks; ++b) {
    const Block bits = philox({row * blocks + b + 1, 0, layer, step}, key, 0);
    const int n = units - b * UNITS_PER_BLOCK < UNITS_PER_BLOCK ? units - b * UNITS_PER_BLOCK : UNITS_PER_BLOCK;
    for (int i = 0; i < n; ++i) {
      const int draw = int(bits[i / 4] >> (16 * (i % 4)) & 0xffff);
      factors[b * UNITS_PER_BLOCK + i] = draw < cut ? 0.0f : kept;
    }
  }
}

}  // namespace deltaw::DELTAW_ISA
