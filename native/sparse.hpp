// Exact training of the first layer on inputs that are mostly one number: x = c·1 + u with few non-zero u.
//
// Zeros are the common case (c = 0: one-hot tables, word counts); the notes' pixels, where 0.01 is added so that no
// input is zero, are the other. With plain gradient descent the update of a unit's weights is w += g x = g c 1 + g u.
// So W is kept as V + q 1ᵀ, with the sums R = W 1 of each unit's weights beside it, and only u's columns are touched:
//
//   forward   z = b + c R + q Σu + V u
//   update    V += g uᵀ,   q += c g,   R += g Σx        with g = −α δ
//
// The same numbers as the dense step, but for rounding. q and R are of one epoch: `open` before it, `close` after.
#pragma once

#include "data.hpp"
#include "dense.hpp"

namespace deltaw::DELTAW_ISA {

class SparseLayer {
 public:
  // Groups of units at a time: enough sums to hide the latency of an fma.
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

  // The same W into `to`, while training goes on.
  void copy(const Layer& layer, float c, Floats& to) const {
    for (int v = 0; v < layer.vectors; ++v) {
      const vf q = c == 0.0f ? zero() : load(q_.data() + v * VL);
      for (int k = 0; k < layer.n_in; ++k) store(to.data() + layer.place(v, k), load(layer.w.data() + layer.place(v, k)) + q);
      const std::size_t bias = layer.place(v, layer.n_in);
      store(to.data() + bias, load(layer.w.data() + bias));
    }
  }

  // Σu of a row, which both of the following need where c is not zero.
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

  // Call up what a row will need of weights that no cache holds, while another is in work.
  DELTAW_CALLS_UP static void call_up(const Layer& layer, const Inputs& x, std::int64_t row, int v0, int v1) {
    if (layer.w.size() < FAR) return;
    for (std::int64_t i = x.starts[row]; i < x.starts[row + 1]; ++i)
      for (int v = v0; v < v1; ++v) __builtin_prefetch(layer.w.data() + layer.place(v, x.columns[i]), 1);
  }

  // z of one row for groups v0 … v1.
  void product(const Layer& layer, const Inputs& x, std::int64_t row, float u_sum, float* z, int v0, int v1) const {
    const std::int64_t begin = x.starts[row], end = x.starts[row + 1];
    in_pieces<GROUPS>(v0, v1, [&]<int NV>(int v, Size<NV>) {
      const float* w = layer.w.data() + layer.place(v, 0);
      const std::size_t stride = layer.stride;
      vf sums[NV];
#pragma GCC unroll 8
      for (int j = 0; j < NV; ++j) {
        sums[j] = load(w + j * stride + std::size_t(layer.n_in) * VL);
        if (x.offset != 0.0f) {
          sums[j] = fma(splat(x.offset), load(sums_.data() + (v + j) * VL), sums[j]);
          sums[j] = fma(splat(u_sum), load(q_.data() + (v + j) * VL), sums[j]);
        }
      }
      for (std::int64_t i = begin; i < end; ++i) {
        const vf u = splat(x.values[i] * x.multiply);
        const float* column = w + std::size_t(x.columns[i]) * VL;
#pragma GCC unroll 8
        for (int j = 0; j < NV; ++j) sums[j] = fma(u, load(column + j * stride), sums[j]);
      }
#pragma GCC unroll 8
      for (int j = 0; j < NV; ++j) store(z + (v + j) * VL, sums[j]);
    });
  }

  // The gradient step of one row for groups v0 … v1, biases included.
  void update(Layer& layer, const Inputs& x, std::int64_t row, float u_sum, const float* delta, float alpha, int v0,
              int v1) {
    const std::int64_t begin = x.starts[row], end = x.starts[row + 1];
    const float x_sum = u_sum + x.offset * float(layer.n_in);
    in_pieces<GROUPS>(v0, v1, [&]<int NV>(int v, Size<NV>) {
      float* w = layer.w.data() + layer.place(v, 0);
      const std::size_t stride = layer.stride;
      vf g[NV];
#pragma GCC unroll 8
      for (int j = 0; j < NV; ++j) {
        g[j] = -alpha * load(delta + (v + j) * VL);
        if (x.offset != 0.0f) {
          add(q_.data() + (v + j) * VL, g[j] * x.offset);
          add(sums_.data() + (v + j) * VL, g[j] * x_sum);
        }
        if (layer.bias) add(w + j * stride + std::size_t(layer.n_in) * VL, g[j]);
      }
      for (std::int64_t i = begin; i < end; ++i) {
        const vf u = splat(x.values[i] * x.multiply);
        float* column = w + std::size_t(x.columns[i]) * VL;
#pragma GCC unroll 8
        for (int j = 0; j < NV; ++j) store(column + j * stride, fma(u, g[j], load(column + j * stride)));
      }
    });
  }

 private:
  static constexpr std::size_t FAR = std::size_t(1) << 19;  // weights: more than the caches near a core hold

  static void add(float* to, vf what) { store(to, load(to) + what); }

  Floats q_, sums_;
};

}  // namespace deltaw::DELTAW_ISA
