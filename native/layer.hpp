// How a layer's weights are laid out in memory. They are never repacked between steps.
//
// Units are taken VL at a time. For each such group v there is a panel of n_in + 1 vectors: vector k holds the
// weights of the group's units for input k, and the last one their biases. So a product reads a panel from
// front to back, a gradient tile is VL-wide at every (v, k), and the optimiser's state has the same layout.
// Units that pad the last group have zero weights and zero gradients, and stay zero.
#pragma once

#include <algorithm>
#include <cstring>

#include "activations.hpp"
#include "memory.hpp"
#include "simd.hpp"

namespace deltaw::DELTAW_ISA {

// An array of floats on cache lines of its own, zero at first.
class Floats {
 public:
  Floats() = default;
  explicit Floats(std::size_t n) : numbers_(n + 16), size_(n) {}
  Floats(Floats&&) = default;
  Floats& operator=(Floats&&) = default;  // and no copies by mistake

  static Floats filled(std::size_t n, float value) {
    Floats all(n);
    std::fill_n(all.data(), n, value);
    return all;
  }
  float* data() { return numbers_.data(); }
  const float* data() const { return numbers_.data(); }
  std::size_t size() const { return size_; }

 private:
  Paged<float> numbers_;
  std::size_t size_ = 0;
};

inline int vectors_for(int n) { return (n + VL - 1) / VL; }

struct Layer {
  int n_in, n_out;
  bool bias;
  const Activation* activation;
  int vectors;         // groups of units
  std::size_t stride;  // floats from one panel to the next
  Floats w, state[2], gradient, before, halves[2];  // those after `state` only if the plan needs them

  Layer(int n_in_, int n_out_, bool bias_, const Activation* activation_, int slots)
      : n_in(n_in_), n_out(n_out_), bias(bias_), activation(activation_), vectors(vectors_for(n_out_)),
        stride(std::size_t(n_in_ + 1) * VL), w(vectors * stride) {
    for (int s = 0; s < slots; ++s) state[s] = Floats(vectors * stride);
  }

  // Take the weights and the state of such a layer.
  void copy(const Layer& other) {
    std::copy_n(other.w.data(), w.size(), w.data());
    for (int s = 0; s < 2; ++s) std::copy_n(other.state[s].data(), state[s].size(), state[s].data());
  }

  std::size_t bytes() const { return w.size() * sizeof(float); }
  std::size_t place(int v, int k) const { return v * stride + std::size_t(k) * VL; }

  // From plain rows, W (n_out, n_in) and b (n_out,), to this layout, and back.
  void pack(Floats& to, const float* W, const float* b) const {
    for (int u = 0; u < n_out; ++u) {
      float* lane = to.data() + place(u / VL, 0) + u % VL;
      for (int k = 0; k < n_in; ++k) lane[std::size_t(k) * VL] = W[std::size_t(u) * n_in + k];
      lane[std::size_t(n_in) * VL] = b[u];
    }
  }
  void unpack(const Floats& from, float* W, float* b) const {
    for (int u = 0; u < n_out; ++u) {
      const float* lane = from.data() + place(u / VL, 0) + u % VL;
      for (int k = 0; k < n_in; ++k) W[std::size_t(u) * n_in + k] = lane[std::size_t(k) * VL];
      b[u] = lane[std::size_t(n_in) * VL];
    }
  }
};

}  // namespace deltaw::DELTAW_ISA
