// Activations and errors of the rows being processed, layer by layer, all rows padded to whole vectors.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "dense.hpp"
#include "encoded.hpp"
#include "philox.hpp"

namespace deltaw::DELTAW_ISA {

// Inputs at a time whose gradients, for TILE_VECTORS groups of units, fit into the L1 cache; see Trainer::by_strips.
constexpr int STRIP_INPUTS = 2048 / VL;

constexpr Range ALL{0, std::numeric_limits<int>::max()};

struct Workspace {
  int capacity = 0;  // rows
  Rows x;            // inputs, without those that are skipped
  Rows x_of_second{nullptr, 0};  // the second of two threads' own, see Trainer::own_inputs
  Rows t;            // targets
  std::vector<Rows> z, o, a;      // a[l]: layer l's output after dropout; without dropout the same memory as o[l]
  std::vector<Floats> along;      // weights of narrow layers after the first, see lay_along: a copy for each thread
  std::vector<Rows> sent, delta;  // ∂E/∂o and ∂E/∂z of layer l
  std::vector<std::vector<std::uint16_t>> draws;  // of layer l's units, where it has dropout
  EncodedRows encoded;            // fields of encoded rows,
  Rows numbers;                   // and their single numbers, in the memory of `x`;
  std::vector<RowRoom> own;       // each thread's
  Columns columns;                // for `signals`
  std::vector<Columns::Marks> marks{1};
  std::vector<double> row_error;  // E of each row, times its weight
  std::vector<Floats> scratch;    // for each thread: transposed panels,
  std::vector<Floats> strips;     // and a strip's gradients

  Workspace() = default;
  // `training`: with memory for the backward pass; `dropped[l]`: layer l has dropout.
  Workspace(const std::vector<Layer>& layers, int rows, bool training, const std::vector<bool>& dropped)
      : capacity(rows), row_error(rows) {
    x = rows_of(layers.front().n_in);
    t = rows_of(layers.back().n_out);
    for (std::size_t l = 0; l < layers.size(); ++l) {
      const int n = layers[l].n_out;
      z.push_back(rows_of(n));
      o.push_back(rows_of(n));
      along.push_back(l > 0 && narrow(layers[l]) ? Floats(size_along(layers[l])) : Floats());
      const bool masked = l < dropped.size() && dropped[l];
      a.push_back(masked ? rows_of(n) : o.back());
      draws.emplace_back(masked ? rows * blocks_for(n) * DRAWS_PER_BLOCK : 0);
      sent.push_back(training ? rows_of(n) : Rows{nullptr, 0});
      delta.push_back(training ? rows_of(n) : Rows{nullptr, 0});
    }
  }

  // Copy the current weights of narrow layers for one of the threads, which needs those of these inputs.
  void lay(const Layer* layers, int thread, Range inputs) {
    for (std::size_t l = 0; l < along.size(); ++l)
      if (along[l].size()) lay_along(layers[l], inputs.begin, std::min(inputs.end, layers[l].n_in), along_of(layers[l], l, thread));
  }
  float* along_of(const Layer& layer, std::size_t l, int thread) {
    return along[l].data() + std::size_t(thread) * size_along(layer);
  }

  void make_columns(const Inputs& inputs) {
    columns.make_room(inputs);
    Columns::make_room(inputs, marks[0]);
  }

  // Room for a row of this encoding on each thread; and for a piece of them, by fields.
  void make_row_rooms(const Encoding& encoding, int threads = 1) { own.assign(threads, RowRoom(encoding)); }
  void make_encoded(const Encoding& encoding, bool training) {
    numbers = {x.data, vectors_for(int(encoding.at.size())) * VL};
    if (!encoded.fits(encoding)) encoded = EncodedRows(encoding, capacity, training);
  }

  // Room for product_back, for `lay` and for a strip on each thread.
  void make_scratch(const std::vector<Layer>& layers, int threads) {
    for (std::size_t l = 0; l < layers.size(); ++l)
      if (along[l].size() && along[l].size() < threads * size_along(layers[l])) along[l] = Floats(threads * size_along(layers[l]));
    std::size_t width = 0;
    for (std::size_t l = 1; l < layers.size(); ++l) width = std::max<std::size_t>(width, layers[l].vectors);
    while (int(scratch.size()) < threads) scratch.emplace_back(TILE_VECTORS * width * VL * VL);
    while (int(strips.size()) < threads) strips.emplace_back(TILE_VECTORS * STRIP_INPUTS * VL);
  }

  void add_inputs() {
    if (x_of_second.data) return;
    memory_.emplace_back(std::size_t(capacity) * x.ld);
    x_of_second = {memory_.back().data(), x.ld};
  }

 private:
  std::vector<Floats> memory_;

  // Long rows are an odd number of cache lines apart: rows a power of two apart would map to the same few sets of the
  // L1 cache and evict each other.
  Rows rows_of(int n) {
    constexpr int LINE = 16;  // floats
    const int lines = (vectors_for(n) * VL + LINE - 1) / LINE;
    const int ld = lines < 8 ? vectors_for(n) * VL : (lines | 1) * LINE;
    memory_.emplace_back(std::size_t(capacity) * ld);
    return {memory_.back().data(), ld};
  }
};

}  // namespace deltaw::DELTAW_ISA
