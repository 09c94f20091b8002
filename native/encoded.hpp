// The first layer on encoded rows, of which one number stands for many inputs: the bins of a column, or its one-hot slots.
//
// Of a column's bins, those below x are 1, the one that x is in is p, the others are 0; of slots one is set. With the running
// sums of the weights, S_k = Σ w_j over the bins j < k of the column, which are computed once a step for all its rows, the
// column adds to a unit's z
//
//   bins    S_k + p w_k      for x in bin k: one multiplication, however many bins there are
//   slots   taken · w_k
//
// Backward, the batch's rows are grouped into sets by the input they are at, and the bins are visited from last to first:
//
//   bins    ∂E/∂w_k = Σ δ of the rows beyond bin k + Σ p δ of the rows in it
//   slots   ∂E/∂w_k = taken · Σ δ of the rows whose slot it is
#pragma once

#include "dense.hpp"
#include "team.hpp"

namespace deltaw::DELTAW_ISA {

// The rows of a batch: for each field the input that the row is at (place) and that input's value (part).
class EncodedRows {
 public:
  EncodedRows() = default;
  EncodedRows(const Encoding& encoding, int capacity, bool training)
      : fields_(int(encoding.fields.size())), bins_(encoding.bins), width_(int(encoding.padded())),
        places_(std::size_t(capacity) * width_), parts_(std::size_t(capacity) * width_) {
    for (const Encoding::Field& field : encoding.fields) counts_.push_back(field.count);
    if (!training) return;
    n_in_ = encoding.n_in;
    for (auto& each : sets_) each.resize(std::size_t(words_for(capacity)) * n_in_);
  }

  // Whether there is room for rows of this encoding.
  bool fits(const Encoding& e) const {
    const auto same = [](int count, const Encoding::Field& field) { return count == field.count; };
    return n_in_ == std::size_t(e.n_in) && bins_ == e.bins && std::equal(counts_.begin(), counts_.end(), e.fields.begin(), e.fields.end(), same);
  }

  // Take row `row` of the data as row r: its single numbers go to `numbers`, its fields stay here. `own`: the thread's buffer
  // for one row.
  void fetch(const Inputs& x, std::int64_t row, int r, float* numbers, float* own) {
    const Encoding& e = *x.encoding;
    const float* stored = e.row(x.stored + std::size_t(row) * e.stored, own);
    e.numbers(stored, numbers);
    e.place(stored, places_.data() + std::size_t(r) * width_, parts_.data() + std::size_t(r) * width_);
  }

  // Add rows r0 … r1 to the sets of the inputs they are at, for fields f0 … f1: all rows, or those of one half.
  void gather(const Encoding& e, int half, int r0, int r1, int f0, int f1) {
    for (int word = r0 / WORD; word < words_for(r1); ++word)
      for (int f = f0; f < f1; ++f) std::fill_n(sets_[half].data() + word * n_in_ + e.fields[f].first, e.fields[f].count, 0);
    for (int r = r0; r < r1; ++r) {
      std::uint64_t *const sets = sets_[half].data() + r / WORD * n_in_, row = std::uint64_t(1) << r % WORD;
      const std::int32_t* places = places_.data() + std::size_t(r) * width_;
      for (int f = f0; f < f1; ++f) sets[places[f]] |= row;
    }
  }

  // z += W x over the fields, for rows r0 … r1 and groups v0 … v1.
  void add(const Layer& layer, const float* running, int r0, int r1, Rows Z, int v0, int v1) const {
    in_pieces<TOGETHER>(v0, v1, [&]<int NV>(int v, Size<NV>) {
      const float *w = layer.w.data() + layer.place(v, 0), *s = running + layer.place(v, 0);
      const std::size_t stride = layer.stride;
      for (int f0 = 0, f1 = 0; f0 < fields_; f0 = f1) {  // as many fields as have their weights in the L1 cache
        for (int inputs = 0; f1 < fields_ && (f1 < f0 + FEWEST || inputs + counts_[f1] <= STAYING / NV); ++f1) inputs += counts_[f1];
        for (int r = r0; r < r1; ++r) {
          const std::int32_t* places = places_.data() + std::size_t(r) * width_;
          const float* parts = parts_.data() + std::size_t(r) * width_;
          float* z = Z.row(r) + v * VL;
          vf sums[NV];
#pragma GCC unroll 8
          for (int j = 0; j < NV; ++j) sums[j] = load(z + j * VL);
          int f = f0;
          for (const int end = std::min(f1, bins_); f < end; ++f) {
            const std::size_t at = std::size_t(places[f]) * VL;
            const vf part = splat(parts[f]);
#pragma GCC unroll 8
            for (int j = 0; j < NV; ++j) sums[j] += fma(part, load(w + at + j * stride), load(s + at + j * stride));
          }
          for (; f < f1; ++f) {
            const std::size_t at = std::size_t(places[f]) * VL;
            const vf part = splat(parts[f]);
#pragma GCC unroll 8
            for (int j = 0; j < NV; ++j) sums[j] = fma(part, load(w + at + j * stride), sums[j]);
          }
#pragma GCC unroll 8
          for (int j = 0; j < NV; ++j) store(z + j * VL, sums[j]);
        }
      }
    });
  }

  // ∂E/∂W of the inputs of fields f0 … f1 for groups v0 … v1, summed over the gathered rows; each vector goes to
  // sink(v, k, g).
  template <class Sink>
  void gradient(const Encoding& e, int half, Range rows, Rows delta, int v0, int v1, int f0, int f1, const Sink& sink) const {
    in_pieces<TOGETHER>(v0, v1, [&, own = sink]<int NV>(int v, Size<NV>) {
      // visit(row, its δ) for the rows at input k, in ascending order.
      const auto each_at = [&](int k, auto&& visit) __attribute__((always_inline)) {
        for (int word = rows.begin / WORD; word < words_for(rows.end); ++word)
          for (std::uint64_t set = sets_[half][word * n_in_ + k]; set; set &= set - 1) {
            const int r = word * WORD + __builtin_ctzll(set);
            visit(r, delta.row(r) + v * VL);
          }
      };
      for (int f = std::max(f0, bins_); f < f1; ++f) {
        const Encoding::Field field = e.fields[f];
        for (int k = field.first; k < field.first + field.count; ++k) {
          vf total[NV] = {};
          each_at(k, [&](int, const float* d) __attribute__((always_inline)) {
#pragma GCC unroll 8
            for (int j = 0; j < NV; ++j) total[j] += load(d + j * VL);
          });
#pragma GCC unroll 8
          for (int j = 0; j < NV; ++j) own(v + j, k, field.taken * total[j]);
        }
      }
      for (int f = f0; f < std::min(f1, bins_); ++f) {
        const Encoding::Field field = e.fields[f];
        vf beyond[NV] = {};
        for (int k = field.first + field.count - 1; k >= field.first; --k) {
          vf here[NV] = {}, within[NV] = {};
          each_at(k, [&](int r, const float* d) __attribute__((always_inline)) {
            const vf part = splat(parts_[std::size_t(r) * width_ + f]);
#pragma GCC unroll 8
            for (int j = 0; j < NV; ++j) {
              const vf one = load(d + j * VL);
              here[j] += one;
              within[j] = fma(part, one, within[j]);
            }
          });
#pragma GCC unroll 8
          for (int j = 0; j < NV; ++j) {
            own(v + j, k, beyond[j] + within[j]);
            beyond[j] += here[j];
          }
        }
      }
    });
  }

 private:
  static constexpr int STAYING = 16384 / (2 * VL * int(sizeof(float)));  // weights and running sums in half of L1, in vectors
  static constexpr int FEWEST = 16;  // fields at a time: with fewer, loading and storing z costs more than cache misses
  static constexpr int TOGETHER = 4;  // groups of units at a time: two accumulators each, and their operands

  static constexpr int WORD = 64;  // rows, a bit each
  static int words_for(int rows) { return (rows + WORD - 1) / WORD; }

  int fields_ = 0, bins_ = 0, width_ = 0;
  std::vector<int> counts_;  // inputs of each field
  std::vector<std::int32_t> places_;
  std::vector<float> parts_;
  // Which rows are at an input, a bit each: the words of the first 64 rows for all inputs, then those of the next 64,
  // and so on. All rows are in the first sets, or each half of the rows in its own.
  std::vector<std::uint64_t> sets_[2];
  std::size_t n_in_ = 0;  // of the sets
};

// The running sums S of groups v0 … v1 over the bins of each column.
inline void running_sums(const Layer& layer, const Encoding& e, float* running, int v0, int v1) {
  for (int v = v0; v < v1; ++v)
    for (int f = 0; f < e.bins; ++f) {
      const Encoding::Field& field = e.fields[f];
      const float* w = layer.w.data() + layer.place(v, field.first);
      float* s = running + layer.place(v, field.first);
      vf total = zero();  // S_0 = 0 is never written
      for (int k = 1; k < field.count; ++k) {
        total += load(w + std::size_t(k - 1) * VL);
        store(s + std::size_t(k) * VL, total);
      }
    }
}

}  // namespace deltaw::DELTAW_ISA
