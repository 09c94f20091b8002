// The activation table of equations/activations.py on vectors: f(z), and f'(z) from z and o = f(z). A NaN stays one, and
// f(±∞) is the limit.
#pragma once

#include "simd.hpp"

namespace deltaw::DELTAW_ISA {

inline vf at_least(float bound, vf z) { return max(splat(bound), z); }
inline vf at_most(float bound, vf z) { return min(splat(bound), z); }

inline vf sigmoid(vf z) { return 1.0f / (1.0f + exp_below(at_most(EXP_MOST - 1.0f, -z))); }
inline vf above(vf z, vf yes, vf no) { return select(z > 0.0f, yes, no); }
inline vf softplus(vf z) { return at_least(0.0f, z) + log(1.0f + exp_below(-abs(z))); }

// Gated activations (GELU, SiLU, Mish) clamp z here: their output is 0 below, and at −∞ it would be ∞ · 0.
constexpr float SHUT = -85.0f;

// Φ(z), the normal distribution function, by Abramowitz & Stegun 7.1.26 for erfc, absolute error below 1.5e-7; and its slope.
struct Normal {
  vf cdf, density;
};
inline Normal normal(vf z) {
  vf a = abs(z) * 0.707106781f;
  vf t = 1.0f / fma(splat(0.3275911f), a, splat(1.0f));
  vf p = splat(1.061405429f);
  p = fma(p, t, splat(-1.453152027f));
  p = fma(p, t, splat(1.421413741f));
  p = fma(p, t, splat(-0.284496736f));
  p = fma(p, t, splat(0.254829592f));
  vf e = exp_below(-a * a);
  vf tail = 0.5f * p * t * e;
  return {select(z < 0.0f, tail, 1.0f - tail), 0.398942280f * e};
}

// f(z) and f'(z) of an activation for which they share subexpressions.
struct Both {
  vf o, slope;
};

constexpr float LEAK = 0.01f, SELU_ALPHA = 1.67326324f, SELU_SCALE = 1.05070099f;

// clang-format off
struct Identity    { static vf f(vf z) { return z; }                                      static vf df(vf, vf) { return splat(1.0f); } };
struct Step        { static vf f(vf z) { return above(z, splat(1.0f), select(z <= 0.0f, zero(), z)); }
                     static vf df(vf, vf) { return zero(); } };
struct Sigmoid     { static vf f(vf z) { return sigmoid(z); }                             static vf df(vf, vf o) { return o * (1.0f - o); } };
struct Tanh        { static vf f(vf z) { return tanh(z); }                                static vf df(vf, vf o) { return 1.0f - o * o; } };
struct Relu        { static vf f(vf z) { return at_least(0.0f, z); }                      static vf df(vf z, vf) { return above(z, splat(1.0f), zero()); } };
struct LeakyRelu   { static vf f(vf z) { return above(z, z, LEAK * z); }                  static vf df(vf z, vf) { return above(z, splat(1.0f), splat(LEAK)); } };
struct Elu         { static vf f(vf z) { return above(z, z, exp_below(z) - 1.0f); }       static vf df(vf z, vf o) { return above(z, splat(1.0f), o + 1.0f); } };
struct Selu        { static vf f(vf z) { return SELU_SCALE * above(z, z, SELU_ALPHA * (exp_below(z) - 1.0f)); }
                     static vf df(vf z, vf o) { return above(z, splat(SELU_SCALE), o + SELU_SCALE * SELU_ALPHA); } };
struct Gelu        { static Both both(vf z) { const Normal n = normal(z); return {at_least(SHUT, z) * n.cdf, fma(z, n.density, n.cdf)}; } };
struct Silu        { static Both both(vf z) { vf s = sigmoid(z); return {at_least(SHUT, z) * s, s * (1.0f + z * (1.0f - s))}; } };
// tanh(softplus(z)) = ((1 + eᶻ)² − 1) / ((1 + eᶻ)² + 1) = u / (u + 2) with u = e²ᶻ + 2eᶻ; above z = 20 it is 1. The slope is
// w + z (1 − w²) sigmoid(z), where 1 − w² = 4 (1 + eᶻ)² / (u + 2)²: one exponential and one division suffice.
struct Mish        { static Both both(vf z) { vf x = at_least(SHUT, z), y = at_most(20.0f, x), e = exp_within(y), u = e * (e + 2.0f), q = 1.0f / (u + 2.0f), w = u * q;
                       return {x * w, fma(4.0f * y * e * (e + 1.0f) * q, q, w)}; } };
struct Softplus    { static vf f(vf z) { return softplus(z); }                            static vf df(vf z, vf) { return sigmoid(z); } };
struct Softsign    { static vf f(vf z) { vf x = at_most(1e30f, at_least(-1e30f, z)); return x / (1.0f + abs(x)); }
                     static vf df(vf z, vf) { vf q = 1.0f / (1.0f + abs(z)); return q * q; } };
struct Exponential { static vf f(vf z) { return exp(z); }                                 static vf df(vf, vf o) { return o; } };
// clang-format on

// One row of the table. `forward` turns z into o; `training` does too, and leaves in z's place what `chain` takes: z itself,
// or f'(z) where it comes with f(z); `chain` turns g = ∂E/∂o into delta = ∂E/∂z. Each works on `vectors` vectors that lie one
// after another: of one row of data, or of several. A coupled activation needs one whole row, of n numbers. `across` and
// `chain_across` are `training` and `chain` of VL rows: their vectors are outputs, with the rows in their lanes.
struct Activation {
  using Training = void (*)(float* z, float* o, int vectors, int n);
  using Chain = void (*)(const float* g, const float* z, const float* o, float* delta, int vectors, int n);
  const char* name;
  void (*forward)(const float* z, float* o, int vectors, int n);
  Training training;
  Chain chain;
  Training across = training;
  Chain chain_across = chain;
  bool coupled = false;
};

template <class F>
constexpr bool shares = requires(vf z) { F::both(z); };

template <class F>
void forward_row(const float* z, float* o, int vectors, int) {
  for (int i = 0; i < vectors * VL; i += VL) {
    if constexpr (shares<F>) store(o + i, F::both(load(z + i)).o);
    else store(o + i, F::f(load(z + i)));
  }
}
template <class F>
void training_row(float* z, float* o, int vectors, int n) {
  if constexpr (!shares<F>) return forward_row<F>(z, o, vectors, n);
  else
    for (int i = 0; i < vectors * VL; i += VL) {
      const Both both = F::both(load(z + i));
      store(o + i, both.o), store(z + i, both.slope);
    }
}
template <class F>
void chain_row(const float* g, const float* z, const float* o, float* delta, int vectors, int) {
  for (int i = 0; i < vectors * VL; i += VL) {
    if constexpr (shares<F>) store(delta + i, load(g + i) * load(z + i));
    else store(delta + i, load(g + i) * F::df(load(z + i), load(o + i)));
  }
}

// The largest z of a row, and then Σ exp(z − largest): what softmax and its loss are made of. With +∞ among them, or nothing
// but −∞, there is no limit: ∞ − ∞ makes the whole row NaN, as a NaN does.
inline float row_top(const float* z, int vectors, int n) {
  vf top = splat(-__builtin_inff());
  for (int v = 0; v < vectors; ++v) top = max(top, select(inside(v, n), load(z + v * VL), top));
  return largest(top);
}

inline void softmax_row(const float* z, float* o, int vectors, int n) {
  const float top = row_top(z, vectors, n);
  vf total = zero();
  for (int v = 0; v < vectors; ++v) {
    vf e = keep(inside(v, n), exp(load(z + v * VL) - top));
    store(o + v * VL, e);
    total += e;
  }
  const float share = 1.0f / sum(total);
  for (int i = 0; i < vectors * VL; i += VL) store(o + i, load(o + i) * share);
}

inline void softmax_training(float* z, float* o, int vectors, int n) { softmax_row(z, o, vectors, n); }

// Σ_i g_i ∂o_i/∂z_j with the Jacobian o_i (1[i=j] − o_j), multiplied out: o ⊙ (g − Σ g o).
inline void softmax_chain(const float* g, const float*, const float* o, float* delta, int vectors, int) {
  vf dot = zero();
  for (int i = 0; i < vectors * VL; i += VL) dot = fma(load(g + i), load(o + i), dot);
  const float common = sum(dot);
  for (int i = 0; i < vectors * VL; i += VL) store(delta + i, load(o + i) * (load(g + i) - common));
}

inline vf top_across(const float* z, int vectors) {
  vf top = load(z);
  for (int v = 1; v < vectors; ++v) top = max(top, load(z + v * VL));
  return top;
}
inline void softmax_across(float* z, float* o, int vectors, int) {
  const vf top = top_across(z, vectors);
  vf total = zero();
  for (int i = 0; i < vectors * VL; i += VL) {
    const vf e = exp(load(z + i) - top);
    store(o + i, e);
    total += e;
  }
  const vf share = 1.0f / total;
  for (int i = 0; i < vectors * VL; i += VL) store(o + i, load(o + i) * share);
}
inline void softmax_chain_across(const float* g, const float*, const float* o, float* delta, int vectors, int) {
  vf common = zero();
  for (int i = 0; i < vectors * VL; i += VL) common = fma(load(g + i), load(o + i), common);
  for (int i = 0; i < vectors * VL; i += VL) store(delta + i, load(o + i) * (load(g + i) - common));
}

template <class F>
constexpr Activation elementwise(const char* name) {
  return {name, forward_row<F>, training_row<F>, chain_row<F>};
}

inline constexpr Activation ACTIVATIONS[] = {
    elementwise<Identity>("identity"), elementwise<Step>("step"), elementwise<Sigmoid>("sigmoid"),
    elementwise<Tanh>("tanh"), elementwise<Relu>("relu"), elementwise<LeakyRelu>("leaky_relu"),
    elementwise<Elu>("elu"), elementwise<Selu>("selu"), elementwise<Gelu>("gelu"), elementwise<Silu>("silu"),
    elementwise<Mish>("mish"), elementwise<Softplus>("softplus"), elementwise<Softsign>("softsign"),
    elementwise<Exponential>("exponential"),
    {"softmax", softmax_row, softmax_training, softmax_chain, softmax_across, softmax_chain_across, true},
};

}  // namespace deltaw::DELTAW_ISA
