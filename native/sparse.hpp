// Exact training of the first layer on inputs most of which equal one number c: x = c·1 + u with few non-zero u.
//
// Zeros are the common case (c = 0: one-hot tables, word counts); the notes' pixels, where 0.01 is added so that no
// input is zero, are the other. With plain gradient descent the update of a unit's weights is w += g x = g c 1 + g u.
// So W is kept as V + q 1ᵀ, with the sums R = W 1 of each unit's weights beside it, and only u's columns are touched:
//
//   forward   z = b + c R + q Σu + V u
//   update    V += g uᵀ,   q += c g,   R += g Σx        with g = −α δ
//
// The same numbers as the dense step, except for rounding. q and R last for one epoch: `open` before it, `close` after it.
#pragma once

#include "data.hpp"
#include "dense.hpp"

namespace deltaw::DELTAW_ISA {

class SparseLayer {
 public:
  // Groups of units at a time: enough accumulators to hide the latency of an fma.
  static constexpr int GROUPS = 7;

  SparseLayer() = default;
  explicit SparseLayer(const Layer& layer) : q_(layer.vectors * VL), sums_(layer.vectors * VL) {}

  // R from W, for an offset c that is not zero.
  void open(const Layer& layer, float c) {
    if (c == 0.0f) return;
    for (int v = 0; v < layer.vectors; ++v) {
      vf total = zero();
      for (int k = 0; k < layer.n_in; ++k) total += load(layer.w.data() + layer.place(v, k));
      store(sums_.data() + v * VL, total);
      store(q_.data() + v * VL, zero());
    }
  }
  // W = V + q 1ᵀ.
  void close(Layer& layer, float c) {
    if (c == 0.0f) return;
    for (int v = 0; v < layer.vectors; ++v)
      for (int k = 0; k < layer.n_in; ++k) {
        float* w = layer.w.data() + layer.place(v, k);
        store(w, load(w) + load(q_.data() + v * VL));
      }
  }

  // Copy W into `to`, while training goes on.
  void copy(const Layer& layer, float c, Floats& to) const {
    for (int v = 0; v < layer.vectors; ++v) {
      const vf q = c == 0.0f ? zero() : load(q_.data() + v * VL);
      for (int k = 0; k < layer.n_in; ++k) store(to.data() + layer.place(v, k), load(layer.w.data() + layer.place(v, k)) + q);
      const std::size_t bias = layer.place(v, layer.n_in);
      store(to.data() + bias, load(layer.w.data() + bias));
    }
  }

  // Σu of a row; 0 if c is zero, where it is not needed.
  static float sum_of(const Inputs& x, std::int64_t row) {
    if (x.offset == 0.0f) return 0.0f;
    const std::int64_t begin = x.starts[row], end = x.starts[row + 1];
    vf total = zero();
    std::int64_t i = begin;
    for (; i + VL <= end; i += VL) total += load(x.values + i);
    float rest = 0.0f;
    for (; i < end; ++i) rest += x.values[i];
    return (sum(total) + rest) * x.multiply;
  }

  // Prefetch the weights that a row needs, if they are too many for the cache.
  DELTAW_PREFETCHES static void prefetch(const Layer& layer, const Inputs& x, std::int64_t row, int v0, int v1) {
    if (layer.w.size() < FAR) return;
    for (std::int64_t i = x.starts[row]; i < x.starts[row + 1]; ++i)
      for (int v = v0; v < v1; ++v) __builtin_prefetch(layer.w.data() + layer.place(v, x.columns[i]), 1);
  }

  // z of one row for groups v0 … v1.
  void product(const Layer& layer, const Inputs& x, std::int64_t row, float u_sum, float* z, int v0, int v1) const {
    in_even_pieces<GROUPS>(v0, v1, [&]<int NV>(int v, Size<NV>) {
      vf sums[NV];
      begin_sums(layer, x, u_sum, v, sums);
      add_columns(layer, x, x.starts[row], x.starts[row + 1], v, sums);
      keep_sums(sums, z, v);
    });
  }

  // The gradient step of one row for groups v0 … v1, biases included.
  void update(Layer& layer, const Inputs& x, std::int64_t row, float u_sum, const float* delta, float alpha, int v0,
              int v1) {
    in_even_pieces<GROUPS>(v0, v1, [&]<int NV>(int v, Size<NV>) {
      vf g[NV];
      begin_step(layer, x, u_sum, delta, alpha, v, g);
      step_columns(layer, x, x.starts[row], x.starts[row + 1], v, g);
    });
  }

  // The step of row `last`, then z of row `now`, a stretch of columns at a time, so that columns that are in both rows
  // are still in the L1 cache.
  void update_and_product(Layer& layer, const Inputs& x, std::int64_t last, const float* delta, float alpha, std::int64_t now,
                          float* z, int v0, int v1) {
    const float last_sum = sum_of(x, last), now_sum = sum_of(x, now);
    in_even_pieces<GROUPS>(v0, v1, [&]<int NV>(int v, Size<NV>) {
      vf g[NV], sums[NV];
      begin_step(layer, x, last_sum, delta, alpha, v, g);
      begin_sums(layer, x, now_sum, v, sums);
      std::int64_t k = x.starts[now];
      const std::int64_t k_end = x.starts[now + 1], i_end = x.starts[last + 1];
      for (std::int64_t i = x.starts[last]; i < i_end;) {
        const std::int64_t from = i;
        i = std::min(i + STRETCH, i_end);
        step_columns(layer, x, from, i, v, g);
        std::int64_t k_to = k;
        while (i < i_end && k_to < k_end && x.columns[k_to] < x.columns[i]) ++k_to;
        add_columns(layer, x, k, k_to, v, sums);
        k = k_to;
      }
      add_columns(layer, x, k, k_end, v, sums);
      keep_sums(sums, z, v);
    });
  }

 private:
  static constexpr std::size_t FAR = std::size_t(1) << 19;  // weights: more than a core's own caches hold
  static constexpr std::int64_t STRETCH = 48;  // columns of GROUPS vectors: most of the L1 cache

  static void add(float* to, vf what) { store(to, load(to) + what); }

  // For NV groups of units from v on: start the sums z, add some columns, store them.
  template <int NV>
  void begin_sums(const Layer& layer, const Inputs& x, float u_sum, int v, vf (&sums)[NV]) const {
#pragma GCC unroll 8
    for (int j = 0; j < NV; ++j) {
      sums[j] = load(layer.w.data() + layer.place(v + j, layer.n_in));
      if (x.offset != 0.0f) {
        sums[j] = fma(splat(x.offset), load(sums_.data() + (v + j) * VL), sums[j]);
        sums[j] = fma(splat(u_sum), load(q_.data() + (v + j) * VL), sums[j]);
      }
    }
  }
  template <int NV>
  static void add_columns(const Layer& layer, const Inputs& x, std::int64_t i, std::int64_t end, int v, vf (&sums)[NV]) {
    const float* w = layer.w.data() + layer.place(v, 0);
    const std::size_t stride = layer.stride;
    for (; i < end; ++i) {
      const vf u = splat(x.values[i] * x.multiply);
      const float* column = w + std::size_t(x.columns[i]) * VL;
#pragma GCC unroll 8
      for (int j = 0; j < NV; ++j) sums[j] = fma(u, load(column + j * stride), sums[j]);
    }
  }
  template <int NV>
  static void keep_sums(const vf (&sums)[NV], float* z, int v) {
#pragma GCC unroll 8
    for (int j = 0; j < NV; ++j) store(z + (v + j) * VL, sums[j]);
  }

  // g, and the step of biases, q and R by it; then the step of some columns' weights.
  template <int NV>
  void begin_step(Layer& layer, const Inputs& x, float u_sum, const float* delta, float alpha, int v, vf (&g)[NV]) {
    const float x_sum = u_sum + x.offset * float(layer.n_in);
#pragma GCC unroll 8
    for (int j = 0; j < NV; ++j) {
      g[j] = -alpha * load(delta + (v + j) * VL);
      if (x.offset != 0.0f) {
        add(q_.data() + (v + j) * VL, g[j] * x.offset);
        add(sums_.data() + (v + j) * VL, g[j] * x_sum);
      }
      if (layer.bias) add(layer.w.data() + layer.place(v + j, layer.n_in), g[j]);
    }
  }
  template <int NV>
  static void step_columns(Layer& layer, const Inputs& x, std::int64_t i, std::int64_t end, int v, const vf (&g)[NV]) {
    float* w = layer.w.data() + layer.place(v, 0);
    const std::size_t stride = layer.stride;
    for (; i < end; ++i) {
      const vf u = splat(x.values[i] * x.multiply);
      float* column = w + std::size_t(x.columns[i]) * VL;
#pragma GCC unroll 8
      for (int j = 0; j < NV; ++j) store(column + j * stride, fma(u, g[j], load(column + j * stride)));
    }
  }

  Floats q_, sums_;
};

}  // namespace deltaw::DELTAW_ISA
