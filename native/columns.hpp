// Inputs that are zero in all rows of a batch, such as the border of an image or a rare category. They add nothing to
// any sum, forward or backward, so the first layer's products skip them. No bit changes.
#pragma once

#include <vector>

#include "data.hpp"
#include "team.hpp"

namespace deltaw::DELTAW_ISA {

// What a product runs over: every input, or the listed ones; a row then holds only these, one after another.
struct Every {
  int count;
  int operator()(int i) const { return i; }
};
struct Listed {
  int count;
  const int* places;
  int operator()(int i) const { return places[i]; }
};

class Columns {
 public:
  // A flag for each input; every thread has its own, for the rows that it reads.
  using Marks = std::vector<std::int32_t>;

  // Whether to look for such inputs: not if there are few, nor with an offset, by which no input is zero.
  static bool worth(const Inputs& x) { return x.offset == 0.0f && x.n_in >= 32 && !x.encoding; }

  // Memory for all that the methods below make of such rows, since threads of a team allocate none.
  void make_room(const Inputs& x) {
    if (x.encoding) reserve(active_, x.encoding->inputs.size());
    if (!worth(x)) return;
    for (auto* each : {&any_, &active_, &idle_, &place_}) reserve(*each, x.n_in);
    reserve(lanes_, x.n_in / VL);
  }
  static void make_room(const Inputs& x, Marks& marks) {
    if (worth(x)) reserve(marks, x.n_in);
  }

  void take_all() { all_ = true; }

  // Only these inputs; EncodedRows adds the others.
  void take(const std::vector<int>& inputs) {
    all_ = false;
    active_ = inputs;
  }

  // Mark the inputs that are not zero in rows row(begin) … row(end − 1). Stops as soon as too few are left to be worth
  // skipping, which dense rows show early.
  template <class Row>
  static void mark(const Inputs& x, int begin, int end, Row&& row, Marks& marks) {
    marks.assign(x.n_in, 0);
    for (int r = begin, look = begin + 4; r < end; ++r) {
      x.mark(row(r), marks.data());
      if (r + 1 < look) continue;
      if (too_few(int(std::count(marks.begin(), marks.end(), 0)), x)) return;
      look = begin + 2 * (look - begin);
    }
  }

  // The inputs marked by any thread.
  void list(const Inputs& x, const Marks* marks, int threads) {
    const int n = x.n_in;
    any_ = marks[0];
    for (int t = 1; t < threads; ++t)
      for (int k = 0; k < n; ++k) any_[k] |= marks[t][k];
    active_.resize(n), idle_.resize(n);
    int active = 0, idle = 0;
    const std::int32_t* any = any_.data();
    int *listed = active_.data(), *left_out = idle_.data();
    for (int k = 0; k < n; ++k) {  // write to both, advance one: no branch to mispredict
      listed[active] = k, left_out[idle] = k;
      active += any[k] != 0, idle += any[k] == 0;
    }
    all_ = too_few(idle, x);
    active_.resize(active), idle_.resize(idle);
    lanes_.assign(n / VL, 0);
    for (int k = 0; COMPRESSES && k < n / VL * VL; ++k) lanes_[k / VL] |= unsigned(any[k] != 0) << k % VL;
    if (all_ || !x.values) return;
    place_.resize(x.n_in);
    for (int i = 0; i < active; ++i) place_[active_[i]] = i;
  }

  bool all() const { return all_; }
  Listed listed() const { return {int(active_.size()), active_.data()}; }
  const std::vector<int>& idle() const { return idle_; }
  // The number of active inputs before input k.
  int before(int k) const { return int(std::lower_bound(active_.begin(), active_.end(), k) - active_.begin()); }

  // Row r, active inputs only.
  void fetch(const Inputs& x, std::int64_t r, float* to, RowRoom* room = nullptr) const {
    if (all_) return x.fetch(r, to, room);
    if (x.floats) pick(x.floats + std::size_t(r) * x.n_in, x.multiply, to);
    else if (x.bytes) pick(x.bytes + std::size_t(r) * x.n_in, x.multiply, to);
    else {
      std::fill_n(to, active_.size(), 0.0f);
      for (std::int64_t i = x.starts[r]; i < x.starts[r + 1]; ++i) to[place_[x.columns[i]]] = x.values[i] * x.multiply;
    }
  }

 private:
  // What threads write to must not share cache lines.
  template <class T>
  static void reserve(std::vector<T>& all, std::size_t n) { all.reserve(n + APART / sizeof(T)); }

  // Whether so few inputs are zero that skipping them gains nothing.
  static bool too_few(int idle, const Inputs& x) { return idle < x.n_in / 8; }

  template <class T>
  void pick(const T* row, float multiply, float* __restrict to) const {
    const int* __restrict k = active_.data();
    int i = 0;
    if constexpr (COMPRESSES)
      for (std::size_t block = 0; block < lanes_.size(); ++block) {
        store(to + i, compress(load_as_float(row + block * VL) * multiply, lanes_[block]));
        i += __builtin_popcount(lanes_[block]);
      }
    for (const int count = int(active_.size()); i < count; ++i) to[i] = float(row[k[i]]) * multiply;
  }

  bool all_ = true;
  Marks any_;
  std::vector<int> active_, idle_, place_;  // place_: of an input of CSR rows, its index among the active ones
  std::vector<unsigned> lanes_;             // the active ones of each whole vector of inputs, a bit each
};

}  // namespace deltaw::DELTAW_ISA
