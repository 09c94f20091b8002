// How a layer's weights are laid out in memory. They are never repacked between steps.
//
// Units are taken VL at a time. For each such group v there is a panel of n_in + 1 vectors: vector k holds the
// weights of the group's units for input k, and the last one their biases. So a product reads a panel from
// front to back, a gradient tile is VL-wide at every (v, k), and the optimiser's state has the same layout.
// Units that pad the last group have zero weights and zero gradients, and stay zero.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>

#ifdef __linux__
#include <sys/mman.h>
#endif

#include "activations.hpp"
#include "simd.hpp"

namespace deltaw::DELTAW_ISA {

struct Free {
  std::align_val_t grain{};
  void operator()(float* p) const { ::operator delete(p, grain); }
};

// An array of floats on cache lines of its own, zero at first.
class Floats {
 public:
  Floats() = default;
  explicit Floats(std::size_t n) : size_(n) {
    const std::size_t wanted = (n + 16) * sizeof(float), grain = wanted < 2 * HUGE_PAGE ? 64 : HUGE_PAGE;
    const std::size_t bytes = (wanted + grain - 1) / grain * grain;
    data_ = {static_cast<float*>(::operator new(bytes, std::align_val_t(grain))), Free{std::align_val_t(grain)}};
#ifdef __linux__
    if (grain == HUGE_PAGE) madvise(data_.get(), bytes, MADV_HUGEPAGE);  // only a hint
#endif
    std::memset(data_.get(), 0, bytes);
  }
  static Floats filled(std::size_t n, float value) {
    Floats all(n);
    std::fill_n(all.data(), n, value);
    return all;
  }
  float* data() { return data_.get(); }
  const float* data() const { return data_.get(); }
  std::size_t size() const { return size_; }

 private:
  // A sparse row reads weights from all over a large array: on huge pages these need few entries of the TLB.
  static constexpr std::size_t HUGE_PAGE = std::size_t(1) << 21;

  std::unique_ptr<float, Free> data_;
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
