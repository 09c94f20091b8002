// Rows of data in the caller's arrays, and how they are copied into the core's own padded rows.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "memory.hpp"
#include "scales.hpp"

namespace deltaw::DELTAW_ISA {

// Which inputs the numbers stored for a row stand for. A number is one input, or a field of consecutive inputs: bins
// (its position among them) or one-hot slots (which one is set). Every input belongs to exactly one stored number. A
// number may also be stored raw; it then stands for its scaled value, its position in bins and an indicator of missing
// values, which are computed when the row is needed and put behind the stored numbers.
struct Encoding {
  struct Field {
    int at, first, count;  // at: its position in a stored row; first: its first input
    bool bins;
    float taken;  // the value of the slot that is set
  };

  int n_in = 0, stored = 0;
  Scales scales;
  std::vector<int> at, inputs;  // of single numbers: positions in a stored row, and among the inputs
  std::vector<Field> fields;    // bins first, so that each kind has a loop without branches
  int bins = 0;                 // the number of fields that are bins

  void number() { number_at(stored++); }
  void field(int count, bool bins_, float taken) { field_at(stored++, count, bins_, taken); }
  // A raw number, one of `total` stored numbers.
  void raw(const Scale& scale, int total) {
    scales.add(stored, total, scale);
    number_at(scales.scaled(stored));
    if (scale.edges.size() > 1) field_at(scales.position(stored), int(scale.edges.size()) - 1, true, 0.0f);
    if (!scale.indicator.empty()) number_at(scales.indicator(stored));
    ++stored;
  }
  // After the last number was added.
  void finish() {
    const auto slots = std::stable_partition(fields.begin(), fields.end(), [](const Field& field) { return field.bins; });
    bins = int(slots - fields.begin());
    for (auto* each : {&top_, &inside_, &taken_}) each->assign(padded(), 0.0f);
    first_.assign(padded(), 0);
    for (std::size_t f = 0; f < fields.size(); ++f) {
      const Field& field = fields[f];
      top_[f] = float(field.count - 1), inside_[f] = field.bins ? 1.0f : 0.0f, taken_[f] = field.taken, first_[f] = field.first;
    }
  }

  // The number of fields, rounded up to whole vectors.
  std::size_t padded() const { return (fields.size() + VL - 1) / VL * VL; }

  // A stored row with what is computed behind it: the row itself, or a copy in `own`, see RowRoom.
  const float* row(const float* kept, float* own) const {
    if (!scales.any()) return kept;
    std::memcpy(own, kept, stored * sizeof(float));
    scales.apply(own);
    return own;
  }

  // The single numbers of a row.
  void numbers(const float* row, float* __restrict to) const {
    for (std::size_t i = 0; i < at.size(); ++i) to[i] = row[at[i]];
  }

  // For each field the input at which the row is, and the value of that input; both arrays hold `padded()`. Each stored
  // number is read once and clamped to its field, since another thread may write to it. NaN is in the first bin, and makes
  // only its own row NaN.
  void place(const float* row, std::int32_t* __restrict places, float* __restrict parts) const {
    const int n = int(fields.size());
    for (int f = 0; f < n; ++f) parts[f] = row[fields[f].at];
    for (int f = 0; f < n; f += VL) {
      const vf x = load(parts + f), within = min(max(x, zero()), load(top_.data() + f));
      const vi bin = __builtin_convertvector(within, vi);
      vi from;
      std::memcpy(&from, first_.data() + f, sizeof from);
      from += bin;
      std::memcpy(places + f, &from, sizeof from);
      store(parts + f, fma(load(inside_.data() + f), x - __builtin_convertvector(bin, vf), load(taken_.data() + f)));
    }
  }

 private:
  void number_at(int place) { at.push_back(place), inputs.push_back(n_in++); }
  void field_at(int place, int count, bool bins_, float taken) {
    fields.push_back({place, n_in, count, bins_, bins_ ? 0.0f : taken});
    n_in += count;
  }

  // The fields again, padded to whole vectors: x is in bin k = min(x, top), at input first + k, whose value is
  // inside · (x − k) + taken.
  std::vector<float> top_, inside_, taken_;
  std::vector<std::int32_t> first_;
};

// A thread's memory for a row of this encoding: with what is computed behind it, and where its fields are.
struct RowRoom {
  std::vector<float> row, parts;
  std::vector<std::int32_t> places;

  RowRoom() = default;
  explicit RowRoom(const Encoding& e) : row(e.scales.any() ? e.scales.room() : 0), parts(e.padded()), places(e.padded()) {}
};

constexpr std::int64_t FIRST = 512;  // bytes of a long row that are prefetched; the processor's own prefetcher does the rest

// Inputs: exactly one of dense float32, dense uint8, CSR or encoded. The network gets multiply · x + offset, and encoded rows
// as they are.
struct Inputs {
  std::int64_t rows = 0;
  int n_in = 0;
  const float* floats = nullptr;
  const std::uint8_t* bytes = nullptr;
  const float* values = nullptr;  // CSR, with `columns` and `starts` (rows + 1)
  const std::int32_t* columns = nullptr;
  const std::int64_t* starts = nullptr;
  const float* stored = nullptr;  // encoded, by `encoding`
  const Encoding* encoding = nullptr;
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

  // Prefetch a row: rows are visited in random order.
  DELTAW_PREFETCHES void prefetch(std::int64_t r) const {
    constexpr std::int64_t FLOAT = sizeof(float);  // bytes
    const std::int64_t width = encoding ? encoding->stored : n_in;
    if (bytes) prefetch_bytes(bytes + r * width, width < FIRST ? width : FIRST);
    else if (encoding || floats)
      prefetch_bytes((encoding ? stored : floats) + r * width, width * FLOAT < FIRST ? width * FLOAT : FIRST);
    else {
      const std::int64_t size = (starts[r + 1] - starts[r]) * FLOAT;
      prefetch_bytes(values + starts[r], size), prefetch_bytes(columns + starts[r], size);
    }
  }

  // Prefetch where a sparse row begins, which must be known before the row itself can be prefetched.
  DELTAW_PREFETCHES void prefetch_place(std::int64_t r) const { prefetch_bytes(starts + r, 2 * sizeof(*starts)); }

  // Write row r to `to`; the padding behind n_in is left as it is. `room`: for encoded rows.
  void fetch(std::int64_t r, float* to, RowRoom* room = nullptr) const {
    const std::size_t first = std::size_t(r) * n_in;
    if (encoding) return decode(stored + std::size_t(r) * encoding->stored, to, *room);
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

 private:
  void decode(const float* row, float* to, RowRoom& room) const {
    const Encoding& e = *encoding;
    row = e.row(row, room.row.data());
    for (std::size_t i = 0; i < e.at.size(); ++i) to[e.inputs[i]] = row[e.at[i]];
    e.place(row, room.places.data(), room.parts.data());
    for (std::size_t f = 0; f < e.fields.size(); ++f) {
      const Encoding::Field& field = e.fields[f];
      float *begin = to + field.first, *bin = to + room.places[f];
      std::fill(begin, bin, field.bins ? 1.0f : 0.0f);
      *bin = room.parts[f];
      std::fill(bin + 1, begin + field.count, 0.0f);
    }
  }
};

// Dense rows of which most entries equal `common`, as CSR: x = multiply · raw + offset = c + u, where u = 0 if raw is
// `common`, and c = multiply · common + offset.
struct Compressed {
  Paged<float> values;
  Paged<std::int32_t> columns;
  std::vector<std::int64_t> starts;
};
// Another thread may write to `raw` between counting and copying: so there is always room for a whole row.
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
    int k = 0;
    for (; COMPRESSES && k + VL <= n_in; k += VL) {
      const vf x = load_as_float(raw + k);
      const unsigned lanes = unequal(x, splat(float(common)));
      store(&to.values[i], compress(multiply * (x - float(common)), lanes));
      store(&to.columns[i], (vi)compress((vf)(numbered() + k), lanes));
      i += __builtin_popcount(lanes);
    }
    for (; k < n_in; ++k) {  // write always and advance only if it counts: no branch to mispredict
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
  bool each_output_alone = false;  // binary cross-entropy: smoothing goes towards ½, not towards 1/n_out

  float weight_of(std::int64_t r) const { return weight ? weight[r] : 1.0f; }

  // See `Inputs`.
  DELTAW_PREFETCHES void prefetch(std::int64_t r) const {
    if (floats) prefetch_bytes(floats + r * n_out, std::min<std::int64_t>(n_out * sizeof(float), FIRST));
    else prefetch_bytes(labels + r, sizeof(*labels));
    if (weight) prefetch_bytes(weight + r, sizeof(*weight));
  }

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

  // At most VL rows at once, a lane each: output u of all of them to t + u · VL.
  void fetch_across(const std::int64_t* rows, int count, float* t) const {
    std::memset(t, 0, n_out * VL * sizeof(float));
    if (floats) {
      for (int i = 0; i < count; ++i)
        for (int u = 0; u < n_out; ++u) t[u * VL + i] = floats[std::size_t(rows[i]) * n_out + u];
    } else {
      std::int32_t label[VL];
      for (int i = 0; i < count; ++i) label[i] = labels[rows[i]];  // all loads before the stores, so that cache misses overlap
      for (int i = 0; i < count; ++i) t[label[i] * VL + i] = 1.0f;
    }
    if (smoothing == 0.0f) return;
    vf unknown = vf{} + 0.5f;
    if (!each_output_alone) {
      unknown = zero();
      for (int u = 0; u < n_out; ++u) unknown += load(t + u * VL);
      unknown /= vf{} + float(n_out);
    }
    for (int u = 0; u < n_out; ++u) store(t + u * VL, load(t + u * VL) * (1.0f - smoothing) + smoothing * unknown);
  }
};

}  // namespace deltaw::DELTAW_ISA
