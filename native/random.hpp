// Random numbers as NumPy draws them.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

namespace deltaw::DELTAW_ISA {

// Put n numbers, up to 2³², in random order (Fisher and Yates, from the end). The place for number i is drawn by rejection:
// as many bits as i has, by `half()`, which makes 32 of them, until they are not above it. Some places are drawn ahead, so
// that no branch depends on what was drawn, which would be mispredicted at every third number, and nobody waits for memory.
template <class Half>
void shuffle(std::int64_t n, std::int64_t* numbers, Half&& half) {
  constexpr std::int64_t AHEAD = 64;
  std::uint32_t places[AHEAD];
  for (std::int64_t i = n - 1; i > 0;) {
    const std::uint32_t mask = ~std::uint32_t(0) >> __builtin_clz(std::uint32_t(i));
    const std::int64_t count = std::min(AHEAD, i - mask / 2);  // with the same mask
    for (std::int64_t k = 0; k < count; k += places[k] <= i - k) {
      places[k] = half() & mask;
      __builtin_prefetch(numbers + places[k], 1);
    }
    for (std::int64_t k = 0; k < count; ++k) std::swap(numbers[i - k], numbers[places[k]]);
    i -= count;
  }
}

// NumPy's default generator for the browser: PCG64 (O'Neill 2014, XSL-RR 128/64) and methods of NumPy's Generator. A seed
// becomes `state` and `stream` by NumPy's SeedSequence (lab/src/engine/random.ts).
class Generator {
 public:
  using Wide = unsigned __int128;

  Generator() = default;
  // As NumPy seeds it: SeedSequence's four words are the initial state and the stream.
  Generator(Wide state, Wide stream) : increment_((stream << 1) | 1) {
    step();
    state_ += state;
    step();
  }

  std::uint64_t bits() {
    step();
    const std::uint64_t folded = std::uint64_t(state_ >> 64) ^ std::uint64_t(state_);
    const unsigned by = unsigned(state_ >> 122);
    return (folded >> by) | (folded << ((-by) & 63));
  }
  // The two halves of 64 random bits, the lower one first.
  std::uint32_t half() {
    if (kept_) {
      kept_ = false;
      return upper_;
    }
    const std::uint64_t both = bits();
    kept_ = true, upper_ = std::uint32_t(both >> 32);
    return std::uint32_t(both);
  }
  double unit() { return double(bits() >> 11) * (1.0 / 9007199254740992.0); }  // [0, 1), multiples of 2⁻⁵³

  // 0 … n − 1 in random order.
  void permutation(std::int64_t n, std::int64_t* to) {
    for (std::int64_t i = 0; i < n; ++i) to[i] = i;
    shuffle(n, to, [this] { return half(); });
  }

  // A standard normal number by a ziggurat of 256 layers (Marsaglia & Tsang 2000; Doornik 2005 for its use of bits).
  // `edges[i]` is the width of layer i, and edges[0] that of the base with its tail.
  double normal(const double* edges) {
    constexpr double R = 3.6541528853610088, ONE_R = 0.27366123732975828;  // where the tail begins
    constexpr double TWO52 = 4503599627370496.0;
    for (;;) {
      std::uint64_t r = bits();
      const int i = int(r & 0xff);
      const bool negative = (r >> 8) & 1;
      const std::uint64_t place = (r >> 9) & 0x000fffffffffffff;
      double x = double(place) * (edges[i] / TWO52);
      if (negative) x = -x;
      const double inner = i == 0 ? R : i == 1 ? 0.0 : edges[i - 1];
      if (place < std::uint64_t(inner / edges[i] * TWO52)) return x;
      if (i == 0) {
        for (;;) {
          const double beyond = -ONE_R * std::log1p(-unit()), height = -std::log1p(-unit());
          if (height + height > beyond * beyond) return (place >> 8) & 1 ? -(R + beyond) : R + beyond;
        }
      }
      const double above = density(inner), below = density(edges[i]);
      if ((above - below) * unit() + below < density(x)) return x;
    }
  }

 private:
  static double density(double x) { return std::exp(-0.5 * x * x); }
  void step() { state_ = state_ * ((Wide(2549297995355413924u) << 64) | 4865540595714422341u) + increment_; }

  Wide state_ = 0, increment_ = 1;
  bool kept_ = false;
  std::uint32_t upper_ = 0;
};

}  // namespace deltaw::DELTAW_ISA
