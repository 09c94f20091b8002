// The three products of a dense layer, each a tile of sums held in registers.
//
//   product    Z = A Wᵀ + b, and with transposed panels the way back, ∂E/∂A = Δ W
//   gradient   ∂E/∂W = Δᵀ A: each finished tile goes straight to a sink, which is the optimiser's update; the
//              gradient is never written to memory
//   split      the way back for one row, without transposing W first
//
// For a layer of few units, a vector over units would be nearly empty: there the first two have vectors along the inputs.
//
// Every sum runs over its index from first to last in one accumulator, so a number has the same bits in
// whatever tile, and on whatever thread, it is computed.
#pragma once

#include "columns.hpp"
#include "layer.hpp"
#include "updates.hpp"

namespace deltaw::DELTAW_ISA {

// A matrix in rows of `ld` floats.
struct Rows {
  float* data;
  int ld;
  float* row(int r) const { return data + std::size_t(r) * ld; }
  Rows from(int r) const { return {row(r), ld}; }
  Rows right(int columns) const { return {data + columns, ld}; }
};

// Call tile(i, size) for pieces of begin … end: as many of Largest as fit, then of its halves. Sizes are types, so
// that a tile of any size is code of its own.
template <int N>
using Size = std::integral_constant<int, N>;

template <int Largest, class Tile>
inline void in_pieces(int begin, int end, Tile&& tile) {
  int i = begin;
  // By threes, four are two and two: a single one has too few accumulators to hide the latency of an fma.
  for (; i + Largest <= end && !(Largest == 3 && i + 4 == end); i += Largest) tile(i, Size<Largest>{});
  if constexpr (Largest > 1) in_pieces<Largest == 3 ? 2 : Largest / 2>(i, end, tile);
}

// visit(Size<n>{}) for 1 ≤ n ≤ Largest.
template <int Largest, class Visit>
inline void of_size(int n, Visit&& visit) {
  if constexpr (Largest > 1)
    if (n < Largest) return of_size<Largest - 1>(n, visit);
  visit(Size<Largest>{});
}

// Whether there is code for pieces of any size. The lab's page has less of it: it is sent as text.
#ifdef __wasm__
constexpr bool ANY_SIZE = false;
#else
constexpr bool ANY_SIZE = true;
#endif

// As in_pieces, in as few pieces as there can be, of sizes as equal as can be: for single rows, where a piece costs time
// however small it is.
template <int Largest, class Tile>
inline void in_even_pieces(int begin, int end, Tile&& tile) {
  if constexpr (!ANY_SIZE) return in_pieces<Largest>(begin, end, tile);
  for (int i = begin, left = (end - begin + Largest - 1) / Largest; left > 0; --left) {
    const int size = (end - i + left - 1) / left;
    of_size<Largest>(size, [&](auto known) { tile(i, known); });
    i += size;
  }
}

constexpr int WIDE = 7;  // groups of units at a time for a single row: enough accumulators to hide the latency

// Z[r0…][v0…] of MR rows by NV groups of units: sum over `inputs` of A[r][i] W[v][inputs(i)], from the vector at the
// place `bias` of each panel, or from zero where that is negative.
template <int MR, int NV, class Inputs>
inline void product_tile(Rows A, int r0, const float* panel, std::size_t stride, Inputs inputs, int bias, Rows Z, int v0) {
  vf sums[MR][NV];
#pragma GCC unroll 8
  for (int j = 0; j < NV; ++j) {
    const vf start = bias >= 0 ? load(panel + j * stride + std::size_t(bias) * VL) : zero();
#pragma GCC unroll 8
    for (int i = 0; i < MR; ++i) sums[i][j] = start;
  }
  const float* a = A.row(r0);
  for (int k = 0; k < inputs.count; ++k) {
    const float* at = panel + std::size_t(inputs(k)) * VL;
    vf w[NV];
#pragma GCC unroll 8
    for (int j = 0; j < NV; ++j) w[j] = load(at + j * stride);
#pragma GCC unroll 8
    for (int i = 0; i < MR; ++i) {
      const vf x = splat(a[std::size_t(i) * A.ld + k]);
#pragma GCC unroll 8
      for (int j = 0; j < NV; ++j) sums[i][j] = fma(x, w[j], sums[i][j]);
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < MR; ++i)
#pragma GCC unroll 8
    for (int j = 0; j < NV; ++j) store(Z.row(r0 + i) + (v0 + j) * VL, sums[i][j]);
}

// Z for rows r0 … r1 and groups v0 … v1; `panel` is the panel of v0.
template <class Inputs>
inline void product(Rows A, int r0, int r1, const float* panel, std::size_t stride, Inputs inputs, int bias, Rows Z,
                    int v0, int v1) {
  if (r1 - r0 < 4) {  // too few rows to hide the latency of an fma: take more groups of units at a time
    in_even_pieces<WIDE>(v0, v1, [&]<int NV>(int v, Size<NV>) {
      for (int r = r0; r < r1; ++r)
        product_tile<1, NV>(A, r, panel + (v - v0) * stride, stride, inputs, bias, Z, v);
    });
    return;
  }
  in_pieces<TILE_VECTORS>(v0, v1, [&]<int NV>(int v, Size<NV>) {
    in_pieces<TILE_ROWS>(r0, r1, [&]<int MR>(int r, Size<MR>) {
      product_tile<MR, NV>(A, r, panel + (v - v0) * stride, stride, inputs, bias, Z, v);
    });
  });
}

// ∂E/∂A[r][k] for rows r0 … r1 and input groups g0 … g1 (VL inputs each): Δ W, as a product with W's panels
// transposed into `scratch`, which holds TILE_VECTORS panels of the layer's padded width.
inline void product_back(const Layer& layer, Rows delta, int r0, int r1, Rows out, int g0, int g1, float* scratch) {
  const int width = layer.vectors * VL;
  const std::size_t stride = std::size_t(width) * VL;
  in_pieces<TILE_VECTORS>(g0, g1, [&]<int NG>(int g, Size<NG>) {
    for (int j = 0; j < NG; ++j)
      for (int v = 0; v < layer.vectors; ++v) {
        vf block[VL];
#pragma GCC unroll 16
        for (int i = 0; i < VL; ++i) {
          const int k = (g + j) * VL + i;
          block[i] = k < layer.n_in ? load(layer.w.data() + layer.place(v, k)) : zero();
        }
        transpose(block);
#pragma GCC unroll 16
        for (int i = 0; i < VL; ++i) store(scratch + j * stride + std::size_t(v * VL + i) * VL, block[i]);
      }
    product(delta, r0, r1, scratch, stride, Every{layer.n_out}, -1, out, g, g + NG);  // without padding units
  });
}

// The same for one row, by dot products: for few rows, transposing would cost more than the product.
inline void split_back(const Layer& layer, const float* delta, float* out, int g0, int g1) {
  const auto group = [&](int g, auto inputs) {
    const float* panel = layer.w.data() + layer.place(0, g * VL);
    vf sums[VL];
#pragma GCC unroll 16
    for (int i = 0; i < VL; ++i) sums[i] = zero();
    for (int v = 0; v < layer.vectors; ++v, panel += layer.stride) {
      const vf d = load(delta + v * VL);
#pragma GCC unroll 16
      for (int i = 0; i < VL; ++i)
        if (i < inputs) sums[i] = fma(d, load(panel + i * VL), sums[i]);
    }
    store(out + g * VL, sums_of(sums));
  };
  const int whole = std::min(g1, layer.n_in / VL);
  for (int g = g0; g < whole; ++g) group(g, Size<VL>{});
  for (int g = std::max(g0, whole); g < g1; ++g) group(g, layer.n_in - g * VL);
}

// Tiles of ∂E/∂W for inputs k0 … k0 + MK and NV groups from v0, summed over `n` rows. Each group's part, MK vectors
// that lie one after the other in its panel, is handed to sink(v, k0, g).
template <int MK, int NV, class Sink>
inline void gradient_tile(Rows delta, Rows A, int n, int v0, int k0, const Sink& sink) {
  vf sums[NV][MK];
#pragma GCC unroll 8
  for (int j = 0; j < NV; ++j)
#pragma GCC unroll 8
    for (int i = 0; i < MK; ++i) sums[j][i] = zero();
  const float* d = delta.data + v0 * VL;
  const float* a = A.data + k0;
  for (int r = 0; r < n; ++r, d += delta.ld, a += A.ld) {
    vf row[NV];
#pragma GCC unroll 8
    for (int j = 0; j < NV; ++j) row[j] = load(d + j * VL);
#pragma GCC unroll 8
    for (int i = 0; i < MK; ++i) {
      const vf x = splat(a[i]);
#pragma GCC unroll 8
      for (int j = 0; j < NV; ++j) sums[j][i] = fma(x, row[j], sums[j][i]);
    }
  }
#pragma GCC unroll 8
  for (int j = 0; j < NV; ++j) sink(v0 + j, k0, sums[j]);
}

// ∂E/∂W for groups v0 … v1 and inputs k0 … k1.
template <class Sink>
inline void gradient(Rows delta, Rows A, int n, int v0, int v1, int k0, int k1, const Sink& sink) {
  in_pieces<TILE_VECTORS>(v0, v1, [&]<int NV>(int v, Size<NV>) {
    in_pieces<TILE_ROWS>(k0, k1, [&]<int MK>(int k, Size<MK>) { gradient_tile<MK, NV>(delta, A, n, v, k, sink); });
  });
}

// ∂E/∂b of groups v0 … v1, the column sums of Δ, each to sink(v, g).
template <class Sink>
inline void bias_gradient(Rows delta, int n, int v0, int v1, const Sink& sink) {
  in_pieces<4>(v0, v1, [&]<int NV>(int v, Size<NV>) {
    vf sums[NV] = {};
    for (int r = 0; r < n; ++r)
#pragma GCC unroll 4
      for (int j = 0; j < NV; ++j) sums[j] += load(delta.row(r) + (v + j) * VL);
#pragma GCC unroll 4
    for (int j = 0; j < NV; ++j) sink(v + j, sums[j]);
  });
}

// Whether a layer's products have vectors along the inputs; with short vectors that gains nothing.
inline bool narrow(const Layer& layer) { return VL > 4 && layer.n_out <= VL / 2; }

// The size of a narrow layer's weights laid out along the inputs, for each unit in whole vectors; and that layout itself,
// of inputs k0 … k1.
inline std::size_t size_along(const Layer& layer) { return std::size_t(layer.n_out) * vectors_for(layer.n_in) * VL; }
inline void lay_along(const Layer& layer, int k0, int k1, float* to) {
  const std::size_t width = std::size_t(vectors_for(layer.n_in)) * VL;
  for (int k = k0; k < k1; ++k)
    for (int u = 0; u < layer.n_out; ++u) to[u * width + k] = layer.w.data()[layer.place(0, k) + u];
}

// Z for rows r0 … r1 of a narrow layer, of the vectors b0 … b1 of inputs; biases belong to the first. A row's sums have the
// same order whatever the other rows are.
inline void product_along(const Layer& layer, Rows A, int r0, int r1, int b0, int b1, const float* along, Rows Z) {
  const int blocks = vectors_for(layer.n_in);
  for (int r = r0; r < r1; r += VL) {
    const int rows = std::min(VL, r1 - r);
    const float* a[VL];
    for (int i = 0; i < VL; ++i) a[i] = A.row(r + std::min(i, rows - 1));
    vf z[VL / 2];
    for (int u = 0; u < layer.n_out; ++u) {
      const float* w = along + std::size_t(u) * blocks * VL;
      vf sums[VL];
#pragma GCC unroll 16
      for (int i = 0; i < VL; ++i) sums[i] = zero();
      for (int b = b0; b < b1; ++b) {
        const vf weights = load(w + b * VL);
#pragma GCC unroll 16
        for (int i = 0; i < VL; ++i) sums[i] = fma(weights, load(a[i] + b * VL), sums[i]);
      }
      z[u] = sums_of(sums);
      if (b0 == 0) z[u] += layer.w.data()[layer.place(0, layer.n_in) + u];
    }
    for (int i = 0; i < rows; ++i) {
      vf row = zero();
      for (int u = 0; u < layer.n_out; ++u) row[u] = z[u][i];
      store(Z.row(r + i), row);
    }
  }
}

// ∂E/∂W of a narrow layer for the vectors b0 … b1 of inputs, summed over `n` rows; each input's goes to sink(0, k, g).
template <class Sink>
inline void gradient_along(const Layer& layer, Rows delta, Rows A, int n, int b0, int b1, const Sink& sink) {
  in_pieces<8>(b0, b1, [&, own = sink]<int NB>(int b, Size<NB>) {
    float found[VL / 2][NB * VL];
    for (int u = 0; u < layer.n_out; ++u) {
      vf sums[NB] = {};
      for (int r = 0; r < n; ++r) {
        const vf d = splat(delta.row(r)[u]);
        const float* a = A.row(r) + b * VL;
#pragma GCC unroll 8
        for (int j = 0; j < NB; ++j) sums[j] = fma(d, load(a + j * VL), sums[j]);
      }
#pragma GCC unroll 8
      for (int j = 0; j < NB; ++j) store(found[u] + j * VL, sums[j]);
    }
    for (int k = b * VL; k < std::min((b + NB) * VL, layer.n_in); ++k) {
      vf g = zero();
      for (int u = 0; u < layer.n_out; ++u) g[u] = found[u][k - b * VL];
      own(0, k, g);
    }
  });
}

// The update by the last sample and the weighted sums of this one in a single pass over W, so that each weight is read
// and written once; for inputs k0 … k1, where the bias belongs to k = 0. `last` and `delta` are the layer's input and δ
// of the last sample.
template <class Opt, int NV>
inline void online_tile(Layer& layer, int v0, int k0, int k1, const float* delta, const float* last, const float* a, float* z,
                        const StepConstants& c) {
  const StepConstants cb = c.without_l2_and_decay();
  vf d[NV], sums[NV];
  float* w = layer.w.data() + layer.place(v0, 0);
  float* s0 = Opt::slots > 0 ? layer.state[0].data() + layer.place(v0, 0) : nullptr;
  float* s1 = Opt::slots > 1 ? layer.state[1].data() + layer.place(v0, 0) : nullptr;
  const auto at = [](float* p, std::size_t i) { return p ? p + i : nullptr; };
#pragma GCC unroll 8
  for (int j = 0; j < NV; ++j) {
    d[j] = load(delta + (v0 + j) * VL);
    const std::size_t i = j * layer.stride + std::size_t(layer.n_in) * VL;
    sums[j] = k0 > 0 ? zero() : layer.bias ? apply<Opt>(w + i, at(s0, i), at(s1, i), d[j], cb) : load(w + i);
  }
  for (int k = k0; k < k1; ++k) {
    const vf x_last = splat(last[k]), x = splat(a[k]);
#pragma GCC unroll 8
    for (int j = 0; j < NV; ++j) {
      const std::size_t i = j * layer.stride + std::size_t(k) * VL;
      sums[j] = fma(x, apply<Opt>(w + i, at(s0, i), at(s1, i), d[j] * x_last, c), sums[j]);
    }
  }
#pragma GCC unroll 8
  for (int j = 0; j < NV; ++j) store(z + (v0 + j) * VL, sums[j]);
}

}  // namespace deltaw::DELTAW_ISA
