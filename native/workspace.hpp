// The signals and errors of the rows that are in work, layer by layer, all rows padded to whole vectors.
#pragma once

#include <cstdint>
#include <vector>

#include "dense.hpp"
#include "encoded.hpp"
#include "philox.hpp"

namespace deltaw::DELTAW_ISA {

// Inputs at a time whose gradients, of TILE_VECTORS groups of units, lie in the first cache; see Trainer::by_strips.
constexpr int STRIP_INPUTS = 2048 / VL;

struct Workspace {
  int capacity = 0;  // rows
  Rows x;            // inputs, without the columns that are left out
  Rows t;            // targets
  std::vector<Rows> z, o, a;      // a[l]: what layer l hands on; the same rows as o[l] without dropout
  std::vector<Floats> along;      // of narrow layers behind the first their weights, see lay_along: once for each thread
  std::vector<Rows> sent, delta;  // ∂E/∂o as it reached layer l, and ∂E/∂z
  std::vector<std::vector<std::uint16_t>> draws;  // of layer l's units, where it has dropout
  EncodedRows encoded;            // of encoded rows their fields,
  Rows numbers;                   // and their numbers, which lie in `x`;
  std::vector<std::vector<float>> own;  // one for each thread: a row whose numbers are scaled when it is needed
  Columns columns;                // of `signals`
  std::vector<Columns::Marks> marks{1};
  std::vector<double> row_error;  // E of each row, times its weight
  std::vector<Floats> scratch;    // one for each thread: transposed panels,
  std::vector<Floats> strips;     // and gradients on their way to the optimiser

  Workspace() = default;
  // `training`: with what the way back needs; `dropped[l]`: some of layer l's outputs are dropped.
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

  // The weights of narrow layers, as they are now, for one of the threads.
  void lay(const std::vector<Layer>& layers, int thread) {
    for (std::size_t l = 0; l < layers.size(); ++l)
      if (along[l].size()) lay_along(layers[l], along_of(layers[l], l, thread));
  }
  float* along_of(const Layer& layer, std::size_t l, int thread) {
    return along[l].data() + std::size_t(thread) * size_along(layer);
  }

  // Room for rows of this encoding on each thread.
  void make_encoded(const Encoding& encoding, bool training, int threads = 1) {
    own.assign(threads, std::vector<float>(encoding.room()));
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

 private:
  std::vector<Floats> memory_;

  // Long rows are an odd number of cache lines apart: rows a power of two apart would all lie in the same few places of
  // the first cache, and push each other out.
  Rows rows_of(int n) {
    constexpr int LINE = 16;  // floats
    const int lines = (vectors_for(n) * VL + LINE - 1) / LINE;
    const int ld = lines < 8 ? vectors_for(n) * VL : (lines | 1) * LINE;
    memory_.emplace_back(std::size_t(capacity) * ld);
    return {memory_.back().data(), ld};
  }
};

}  // namespace deltaw::DELTAW_ISA
