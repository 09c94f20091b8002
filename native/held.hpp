// What Python hands over for a training: shapes and ranges are checked here.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include "data.hpp"

namespace nb = nanobind;

namespace deltaw::DELTAW_ISA {

template <class T, int Dimensions>
using Array = nb::ndarray<T, nb::ndim<Dimensions>, nb::c_contig, nb::device::cpu>;

inline void require(bool condition, const char* message) {
  if (!condition) throw std::invalid_argument(message);
}

// A compiler may assume that every float is aligned.
auto numbers(const auto& array) {
  const auto first = array.data();
  require(reinterpret_cast<std::uintptr_t>(first) % sizeof(*first) == 0, "an array at a multiple of its numbers' size");
  return first;
}
int columns_of(const auto& array) {
  require(array.shape(1) <= std::size_t(std::numeric_limits<int>::max()), "fewer than 2^31 columns");
  return int(array.shape(1));
}

// Inputs and targets, with the arrays that they point into. Indices (columns, labels, row starts) are copied before they are
// checked, because another thread may write to the caller's arrays. For values that can only give wrong numbers.
struct HeldInputs {
  Inputs data;
  std::vector<nb::object> arrays;
  Compressed own = {};
  std::unique_ptr<Encoding> encoding = {};
};
struct HeldTargets {
  Targets data;
  std::int64_t rows;
  std::vector<nb::object> arrays = {};
  std::vector<std::int32_t> labels = {};
};

inline HeldInputs dense(Array<const float, 2> X, float multiply, float offset) {
  Inputs in{.rows = std::int64_t(X.shape(0)), .n_in = columns_of(X), .floats = numbers(X)};
  in.multiply = multiply, in.offset = offset;
  return {.data = in, .arrays = {nb::cast(X)}};
}

inline HeldInputs bytes(Array<const std::uint8_t, 2> X, float multiply, float offset) {
  Inputs in{.rows = std::int64_t(X.shape(0)), .n_in = columns_of(X), .bytes = numbers(X)};
  in.multiply = multiply, in.offset = offset;
  return {.data = in, .arrays = {nb::cast(X)}};
}

inline HeldInputs sparse(Array<const float, 1> values, Array<const std::int32_t, 1> columns,
                  Array<const std::int64_t, 1> starts, int n_in, float multiply, float offset) {
  const std::int64_t n = std::int64_t(starts.shape(0)) - 1, stored = std::int64_t(values.shape(0));
  require(n >= 0 && values.shape(0) == columns.shape(0), "sparse: values and columns of one length, starts of rows + 1");
  HeldInputs held{.data = {.rows = n, .n_in = n_in}, .arrays = {nb::cast(values)}};
  Compressed& own = held.own;
  own.columns.assign(numbers(columns), numbers(columns) + stored);
  own.starts.assign(numbers(starts), numbers(starts) + n + 1);
  require(own.starts.front() == 0 && own.starts.back() == stored, "sparse: starts must run from 0 to the stored values");
  require(std::is_sorted(own.starts.begin(), own.starts.end()), "sparse: starts must not fall");
  for (const std::int32_t k : own.columns) require(k >= 0 && k < n_in, "sparse: a column beyond the inputs");
  for (std::int64_t r = 0; r < n; ++r)
    for (std::int64_t i = own.starts[r] + 1; i < own.starts[r + 1]; ++i)
      require(own.columns[i - 1] < own.columns[i], "sparse: columns of a row must ascend");
  held.data.values = numbers(values), held.data.columns = own.columns.data(), held.data.starts = own.starts.data();
  held.data.multiply = multiply, held.data.offset = offset;
  return held;  // moving the vectors leaves their memory where it is
}

// nanobind's own conversion to a vector ends the program where there is no memory for one.
inline std::vector<double> doubles(nb::handle list) {
  std::vector<double> all;
  for (const nb::handle each : list) all.push_back(nb::cast<double>(each));
  return all;
}

// `fields`: of each stored number how many inputs it stands for, as what, and what a slot gets that is taken;
// `scalings`: of those that are scaled, one after the other, see `Scale`: fill, centre, width, shift, bend, edges, indicator.
inline HeldInputs encoded(Array<const float, 2> stored, const nb::list& fields, const nb::list& scalings) {
  HeldInputs held{.data = {.rows = std::int64_t(stored.shape(0))}, .arrays = {nb::cast(stored)}};
  held.encoding = std::make_unique<Encoding>();
  Encoding& e = *held.encoding;
  require(columns_of(stored) >= 1 && stored.shape(1) == fields.size(), "encoded: a field for each stored number");
  constexpr int MOST = 1 << 24;  // up to which float32 holds every integer
  auto scaling = scalings.begin();
  for (const nb::handle field : fields) {
    const auto [count, kind, taken] = nb::cast<std::tuple<int, std::string, float>>(field);
    require(count >= 1 && count <= MOST && e.n_in <= std::numeric_limits<int>::max() - MOST, "encoded: 1 to 2^24 inputs a field");
    if (kind == "number") {
      require(count == 1, "encoded: one input a number");
      e.number();
    } else if (kind == "scaled") {
      require(scaling != scalings.end(), "encoded: a scale for each number that is scaled");
      const auto [fill, centre, width, shift, bend, listed_edges, listed_indicator] =
          nb::cast<std::tuple<double, double, double, double, bool, nb::list, nb::list>>(*scaling++);
      const std::vector<double> edges = doubles(listed_edges), indicator = doubles(listed_indicator);
      require(indicator.empty() || indicator.size() == 2, "encoded: an indicator of missing values has two values");
      require(std::size_t(count) == std::max<std::size_t>(edges.size(), 1) + indicator.size() / 2,
              "encoded: an input, one for each bin, and one for gaps");
      require(width > 0.0 && std::is_sorted(edges.begin(), edges.end()), "encoded: a width above 0, ascending edges");
      e.raw({fill, centre, width, shift, bend, edges, indicator}, int(fields.size()));
    } else {
      require(kind == "bins" || kind == "slots", "encoded: numbers, bins, slots or what is scaled");
      e.field(count, kind == "bins", taken);
    }
  }
  e.finish();
  held.data.n_in = e.n_in, held.data.stored = numbers(stored), held.data.encoding = &e;
  return held;  // moving the pointer leaves what it points to where it is
}

template <class T>
HeldInputs without_background(Array<const T, 2> X, T common, float multiply, float offset) {
  HeldInputs held;
  held.own = compress(numbers(X), std::int64_t(X.shape(0)), columns_of(X), common, multiply);
  held.data = {.rows = std::int64_t(X.shape(0)), .n_in = columns_of(X)};
  held.data.values = held.own.values.data(), held.data.columns = held.own.columns.data();
  held.data.starts = held.own.starts.data();
  held.data.offset = multiply * float(common) + offset;
  return held;
}

using Weights = std::optional<Array<const float, 1>>;

inline HeldTargets targets(std::size_t rows, const Weights& weight, int n_out, double smoothing, bool each_output_alone) {
  HeldTargets held{.data = {.n_out = n_out}, .rows = std::int64_t(rows)};
  held.data.smoothing = float(smoothing), held.data.each_output_alone = each_output_alone;
  if (!weight) return held;
  require(weight->shape(0) == rows, "targets: one weight a row");
  held.data.weight = numbers(*weight);
  held.arrays.push_back(nb::cast(*weight));
  return held;
}

inline HeldTargets labels(Array<const std::int32_t, 1> T, const Weights& weight, int n_out, double smoothing, bool each_output_alone) {
  HeldTargets held = targets(T.shape(0), weight, n_out, smoothing, each_output_alone);
  held.labels.assign(numbers(T), numbers(T) + held.rows);
  for (const std::int32_t label : held.labels) require(label >= 0 && label < n_out, "targets: a label beyond the outputs");
  held.data.labels = held.labels.data();
  return held;
}

inline HeldTargets values(Array<const float, 2> T, const Weights& weight, int n_out, double smoothing, bool each_output_alone) {
  require(columns_of(T) == n_out, "targets: a column for each output");
  HeldTargets held = targets(T.shape(0), weight, n_out, smoothing, each_output_alone);
  held.data.floats = numbers(T);
  held.arrays.push_back(nb::cast(T));
  return held;
}

}  // namespace deltaw::DELTAW_ISA
