// The first layer on rows whose numbers stand for many inputs at once: the bins of a column, or the slots of its words.
//
// Of a column's bins those that x has passed are 1, one is p, the others 0; of slots one is taken. With the weights' running
// sums S_k = Σ w_j over the bins j < k of the column, made anew for each step and shared by all its rows, a unit's part of z
// is
//
//   bins    S_k + p w_k      for x in bin k: one multiplication, however many bins there are
//   slots   taken · w_k      (their running sums stay 0)
//
// and back, with the batch's rows listed by where they lie, from the last bin to the first:
//
//   bins    ∂E/∂w_k = Σ δ of the rows beyond bin k + Σ p δ of those in it
//   slots   ∂E/∂w_k = taken · Σ δ of the rows that take it
#pragma once

#include "dense.hpp"

namespace deltaw::DELTAW_ISA {

// A row's place in a field, and a field's row in a place.
struct Lying {
  std::int32_t row;
  float part;
};

// The rows in work, as the products below take them: numbers apart, and of each field the input it lies at and its part there.
class EncodedRows {
 public:
  EncodedRows() = default;
  EncodedRows(const Encoding& encoding, int capacity, bool training)
      : fields_(int(encoding.fields.size())), width_(vectors_for(fields_) * VL),
        places_(std::size_t(capacity) * width_), parts_(std::size_t(capacity) * width_) {
    for (const Encoding::Field& field : encoding.fields) counts_.push_back(field.count);
    if (!training) return;
    for (Lists& each : lists_) each = {std::vector<std::int32_t>(encoding.n_in), std::vector<Lying>(std::size_t(fields_) * capacity)};
    capacity_ = capacity;
  }

  // Whether there is room for rows of this encoding.
  bool fits(const Encoding& e) const {
    const auto same = [](int count, const Encoding::Field& field) { return count == field.count; };
    return int(lists_[0].ends.size()) == e.n_in && std::equal(counts_.begin(), counts_.end(), e.fields.begin(), e.fields.end(), same);
  }

  // Row `row` of the data as row r: its numbers to `numbers`, its fields here; `own`: the thread's room for one.
  void fetch(const Inputs& x, std::int64_t row, int r, float* numbers, float* own) {
    const Encoding& e = *x.encoding;
    const float* stored = e.row(x.stored + std::size_t(row) * e.stored, own);
    e.numbers(stored, numbers);
    e.place(stored, places_.data() + std::size_t(r) * width_, parts_.data() + std::size_t(r) * width_);
  }

  // List rows r0 … r1 of fields f0 … f1 by the input they lie at, in their order: all rows, or those of one half.
  void list(const Encoding& e, int half, int r0, int r1, int f0, int f1) {
    std::int32_t* const ends = lists_[half].ends.data();
    Lying* const lists = lists_[half].rows.data() + std::size_t(f0) * capacity_;
    const std::size_t capacity = capacity_;
    for (int f = f0; f < f1; ++f) std::fill_n(ends + e.fields[f].first, e.fields[f].count, 0);
    for (int r = r0; r < r1; ++r) {
      const std::int32_t* places = places_.data() + std::size_t(r) * width_;
      for (int f = f0; f < f1; ++f) ++ends[places[f]];
    }
    for (int f = f0; f < f1; ++f) {  // from how many lie at each place to where its list begins
      std::int32_t begin = 0;
      for (std::int32_t *end = ends + e.fields[f].first, *last = end + e.fields[f].count; end < last; ++end) {
        const std::int32_t here = *end;
        *end = begin;
        begin += here;
      }
    }
    for (int r = r0; r < r1; ++r) {
      const std::int32_t* places = places_.data() + std::size_t(r) * width_;
      const float* parts = parts_.data() + std::size_t(r) * width_;
      Lying* list = lists;
      for (int f = f0; f < f1; ++f, list += capacity) list[ends[places[f]]++] = {r, parts[f]};
    }
  }

  // z += what the fields add, for rows r0 … r1 and groups v0 … v1.
  void add(const Layer& layer, const float* running, int r0, int r1, Rows Z, int v0, int v1) const {
    in_pieces<TOGETHER>(v0, v1, [&]<int NV>(int v, Size<NV>) {
      const float *w = layer.w.data() + layer.place(v, 0), *s = running + layer.place(v, 0);
      const std::size_t stride = layer.stride;
      for (int f0 = 0, f1 = 0; f0 < fields_; f0 = f1) {  // fields whose weights stay in the first cache while all rows pass
        for (int inputs = 0; f1 < fields_ && (f1 < f0 + FEWEST || inputs + counts_[f1] <= STAYING / NV); ++f1) inputs += counts_[f1];
        for (int r = r0; r < r1; ++r) {
          const std::int32_t* places = places_.data() + std::size_t(r) * width_;
          const float* parts = parts_.data() + std::size_t(r) * width_;
          float* z = Z.row(r) + v * VL;
          vf sums[NV];
#pragma GCC unroll 8
          for (int j = 0; j < NV; ++j) sums[j] = load(z + j * VL);
          for (int f = f0; f < f1; ++f) {
            const std::size_t at = std::size_t(places[f]) * VL;
            const vf part = splat(parts[f]);
#pragma GCC unroll 8
            for (int j = 0; j < NV; ++j) sums[j] += fma(part, load(w + at + j * stride), load(s + at + j * stride));
          }
#pragma GCC unroll 8
          for (int j = 0; j < NV; ++j) store(z + j * VL, sums[j]);
        }
      }
    });
  }

  // ∂E/∂W of the inputs of fields f0 … f1 for groups v0 … v1, summed over the rows that were listed, each vector to sink(v, k, g).
  template <class Sink>
  void gradient(const Encoding& e, int half, Rows delta, int v0, int v1, int f0, int f1, const Sink& sink) const {
    in_pieces<TOGETHER>(v0, v1, [&, own = sink]<int NV>(int v, Size<NV>) {
      for (int f = f0; f < f1; ++f) {
        const Encoding::Field field = e.fields[f];
        const Lying* list = lists_[half].rows.data() + std::size_t(f) * capacity_;
        const std::int32_t* ends = lists_[half].ends.data();
        vf beyond[NV] = {};
        for (int k = field.first + field.count - 1; k >= field.first; --k) {
          vf here[NV] = {}, within[NV] = {};
          for (int i = k > field.first ? ends[k - 1] : 0, end = ends[k]; i < end; ++i) {
            const float* d = delta.row(list[i].row) + v * VL;
            const vf part = splat(list[i].part);
#pragma GCC unroll 8
            for (int j = 0; j < NV; ++j) {
              const vf one = load(d + j * VL);
              here[j] += one;
              within[j] = fma(part, one, within[j]);
            }
          }
#pragma GCC unroll 8
          for (int j = 0; j < NV; ++j) {
            own(v + j, k, beyond[j] + within[j]);
            if (field.bins) beyond[j] += here[j];
          }
        }
      }
    });
  }

 private:
  static constexpr int STAYING = 16384 / (2 * VL * int(sizeof(float)));  // vectors of weights and of running sums
  static constexpr int FEWEST = 16;  // fields: fewer are not worth to take a row's sums up again
  static constexpr int TOGETHER = 4;  // groups of units at a time: two sums each, and what they are made of

  int fields_ = 0, width_ = 0, capacity_ = 0;
  std::vector<int> counts_;  // of each field its inputs
  std::vector<std::int32_t> places_;
  std::vector<float> parts_;
  struct Lists {
    std::vector<std::int32_t> ends;  // of each input: where its list ends; that of the one before it in its field is its begin
    std::vector<Lying> rows;         // of each field one after the other, `capacity_` long
  } lists_[2];                       // of all rows the first, or of each half of them its own
};

// The running sums of groups v0 … v1; those of numbers and slots are left as they are, which is 0.
inline void running_sums(const Layer& layer, const Encoding& e, float* running, int v0, int v1) {
  for (int v = v0; v < v1; ++v)
    for (const Encoding::Field& field : e.fields) {
      if (!field.bins) continue;
      const float* w = layer.w.data() + layer.place(v, field.first);
      float* s = running + layer.place(v, field.first);
      vf total = zero();
      for (int k = 0; k < field.count; ++k) {
        store(s + std::size_t(k) * VL, total);
        total += load(w + std::size_t(k) * VL);
      }
    }
}

}  // namespace deltaw::DELTAW_ISA
