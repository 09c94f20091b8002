// Rows of data as the caller holds them, and their way into the core's own padded rows.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "simd.hpp"

namespace deltaw::DELTAW_ISA {

// Inputs: exactly one of dense float32, dense uint8 or CSR. x becomes multiply · x + offset on its way in.
struct Inputs {
  std::int64_t rows = 0;
  int n_in = 0;
  const float* floats = nullptr;
  const std::uint8_t* bytes = nullptr;
  const float* values = nullptr;  // CSR, with `columns` and `starts` (rows + 1)
  const std::int32_t* columns = nullptr;
  const std::int64_t* starts = nullptr;
  float multiply = 1.0f, offset = 0.0f;

  // Mark the inputs of row r that are not zero.
  void mark(std::int64_t r, std::int32_t* __restrict marks) const {
    const int n = n_in;
    if (floats) {
      const float* row = floats + std::size_t(r) * n_in;
      for (int i = 0; i < n; ++i) marks[i] |= row[i] != 0.0f;
    } else if (bytes) {
      const std::uint8_t* row = bytes + std::size_t(r) * n_in;
      for (int i = 0; i < n; ++i) marks[i] |= row[i];
    } else {
      for (std::int64_t i = starts[r]; i < starts[r + 1]; ++i) marks[columns[i]] = 1;
    }
  }

  // Call up a CSR row that will be needed soon: rows come in random order, from memory.
  void call_up(std::int64_t r) const {
    constexpr int LINE = 64 / sizeof(float);
    for (std::int64_t i = starts[r]; i < starts[r + 1]; i += LINE)
      __builtin_prefetch(values + i), __builtin_prefetch(columns + i);
  }

  // Write row r to `to`; what lies behind n_in there is left as it is.
  void fetch(std::int64_t r, float* to) const {
    const std::size_t first = std::size_t(r) * n_in;
    if (floats && multiply == 1.0f && offset == 0.0f) {
      std::memcpy(to, floats + first, n_in * sizeof(float));
    } else if (floats) {
      for (int i = 0; i < n_in; ++i) to[i] = floats[first + i] * multiply + offset;
    } else if (bytes) {
      for (int i = 0; i < n_in; ++i) to[i] = float(bytes[first + i]) * multiply + offset;
    } else {
      for (int i = 0; i < n_in; ++i) to[i] = offset;
      for (std::int64_t i = starts[r]; i < starts[r + 1]; ++i) to[columns[i]] = values[i] * multiply + offset;
    }
  }
};

// Dense rows that are mostly one number, as CSR: x = multiply · raw + offset = c + u, with u = 0 where raw is `common`
// and c = multiply · common + offset.
struct Compressed {
  std::vector<float> values;
  std::vector<std::int32_t> columns;
  std::vector<std::int64_t> starts;
};
// Somebody may write to `raw` meanwhile, so that what was counted is not what is found: there is room for every row before
// it is read.
template <class T>
Compressed compress(const T* raw, std::int64_t rows, int n_in, T common, float multiply) {
  const std::size_t stored = std::size_t(rows) * n_in - std::count(raw, raw + std::size_t(rows) * n_in, common);
  Compressed to;
  const auto make_room = [&to](std::size_t n) { to.values.resize(n), to.columns.resize(n); };
  make_room(stored + n_in);
  to.starts.push_back(0);
  std::size_t i = 0;
  for (std::int64_t r = 0; r < rows; ++r, raw += n_in) {
    if (i + n_in > to.values.size()) make_room(2 * (i + n_in));
    for (int k = 0; k < n_in; ++k) {  // always written, kept by counting on: no branch to mispredict
      to.values[i] = multiply * (float(raw[k]) - float(common));
      to.columns[i] = k;
      i += raw[k] != common;
    }
    to.starts.push_back(std::int64_t(i));
  }
  make_room(i);
  return to;
}

// Targets: dense float32 rows or integer labels; label smoothing on the way in, as losses.smooth does it.
struct Targets {
  int n_out = 0;
  const float* floats = nullptr;
  const std::int32_t* labels = nullptr;
  const float* weight = nullptr;  // of each row, or nullptr: 1
  float smoothing = 0.0f;
  bool each_output_alone = false;  // binary cross-entropy: "don't know" is ½, not an even share

  float weight_of(std::int64_t r) const { return weight ? weight[r] : 1.0f; }

  void fetch(std::int64_t r, float* t) const {
    if (floats) {
      std::memcpy(t, floats + std::size_t(r) * n_out, n_out * sizeof(float));
    } else {
      std::memset(t, 0, n_out * sizeof(float));
      t[labels[r]] = 1.0f;
    }
    if (smoothing == 0.0f) return;
    float unknown = 0.5f;
    if (!each_output_alone) {
      unknown = 0.0f;
      for (int i = 0; i < n_out; ++i) unknown += t[i];
      unknown /= float(n_out);
    }
    for (int i = 0; i < n_out; ++i) t[i] = t[i] * (1.0f - smoothing) + smoothing * unknown;
  }
};

}  // namespace deltaw::DELTAW_ISA
