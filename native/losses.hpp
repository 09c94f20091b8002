// The loss table of equations/losses.py on vectors: E and ∂E/∂o of each output, and the fused pairs, ∂E/∂z.
#pragma once

#include "activations.hpp"
#include "simd.hpp"

namespace deltaw::DELTAW_ISA {

constexpr float EPSILON = 0x1p-23f;  // logarithms are taken at least this far from where they are infinite
inline vf inside_unit(vf o) { return at_most(1.0f - EPSILON, at_least(EPSILON, o)); }
inline vf above_zero(vf o) { return at_least(EPSILON, o); }

// For losses with a logarithm. L has `edge`, o clamped to where the logarithm is finite, and `term` and `slope`, E and
// ∂E/∂o there. Beyond the edge E continues along its tangent if that rises, and is constant otherwise.
template <class L>
struct PastTheEdge {
  static vf E(vf o, vf t, vf) { vf e = L::edge(o); return L::term(e, t) + at_least(0.0f, L::slope(e, t) * (o - e)); }
  static vf dE(vf o, vf t, vf) {
    vf e = L::edge(o), slope = L::slope(e, t);
    return select(slope * (o - e) < 0.0f, zero(), slope);
  }
};

// p is the loss's parameter for each output: huber's δ, pinball's q.
// clang-format off
struct Absolute { static vf E(vf o, vf t, vf) { return abs(t - o); }
                  static vf dE(vf o, vf t, vf) { return select(o > t, splat(1.0f), select(o < t, splat(-1.0f), zero())); } };
struct Squared  { static vf E(vf o, vf t, vf) { return 0.5f * (t - o) * (t - o); }
                  static vf dE(vf o, vf t, vf) { return o - t; } };
struct Huber    { static vf E(vf o, vf t, vf p) { vf r = abs(t - o); return select(r <= p, 0.5f * r * r, p * (r - 0.5f * p)); }
                  static vf dE(vf o, vf t, vf p) { return min(p, max(-p, o - t)); } };
struct Pinball  { static vf E(vf o, vf t, vf p) { return max(p * (t - o), (p - 1.0f) * (t - o)); }
                  static vf dE(vf o, vf t, vf p) { return select(o < t, -p, select(o > t, 1.0f - p, zero())); } };
struct BinaryCrossEntropy : PastTheEdge<BinaryCrossEntropy>
                { static vf edge(vf o) { return inside_unit(o); }
                  static vf term(vf o, vf t) { return -(t * log(o) + (1.0f - t) * log(1.0f - o)); }
                  static vf slope(vf o, vf t) { return (o - t) / (o * (1.0f - o)); } };
struct CrossEntropy : PastTheEdge<CrossEntropy>
                { static vf edge(vf o) { return above_zero(o); }
                  static vf term(vf o, vf t) { return -t * log(o); }
                  static vf slope(vf o, vf t) { return -t / o; } };
struct Poisson  : PastTheEdge<Poisson>
                { static vf edge(vf o) { return above_zero(o); }
                  static vf term(vf o, vf t) { return o - t * log(o); }
                  static vf slope(vf o, vf t) { return 1.0f - t / o; } };
struct Hinge    { static vf E(vf o, vf t, vf) { return max(zero(), 1.0f - t * o); }
                  static vf dE(vf o, vf t, vf) { return select(t * o < 1.0f, -t, zero()); } };
// clang-format on

// One row of data at the output: z, o = f(z), t of n numbers in `vectors` vectors, all padding zero.
struct OutputRow {
  const float *z, *o, *t;
  int vectors, n;
  const float* parameter;  // of each output
};

// One row of the table. `error` returns E of a row of data, and `backward` writes its gradient times `share`: ∂E/∂o, or
// ∂E/∂z for a fused pair, which names its activation. `across` does both for VL rows, without a share: E of each into
// e. Its vectors are outputs, their lanes rows, and `vectors` is how many outputs there are.
struct Loss {
  const char* name;
  const char* fused_with;  // nullptr: any activation
  float (*error)(const OutputRow&);
  void (*backward)(const OutputRow&, float share, float* g);
  void (*across)(const OutputRow&, float* e, float* g);
};

template <class L>
vf term(const OutputRow& x, int i) {
  if constexpr (requires { L::from_z; }) return L::E(load(x.z + i), load(x.o + i), load(x.t + i));
  else return L::E(load(x.o + i), load(x.t + i), load(x.parameter + i));
}
template <class L>
float error_row(const OutputRow& x) {
  vf total = zero();
  for (int v = 0; v < x.vectors; ++v) total += keep(inside(v, x.n), term<L>(x, v * VL));
  return sum(total);
}
template <class L>
void backward_row(const OutputRow& x, float share, float* g) {
  for (int v = 0, i = 0; v < x.vectors; ++v, i += VL)
    store(g + i, keep(inside(v, x.n), share * L::dE(load(x.o + i), load(x.t + i), load(x.parameter + i))));
}

template <class L, class G = L>
void across_rows(const OutputRow& x, float* e, float* g) {
  vf total = zero();
  for (int i = 0; i < x.vectors * VL; i += VL) {
    total += term<L>(x, i);
    store(g + i, G::dE(load(x.o + i), load(x.t + i), load(x.parameter + i)));
  }
  store(e, total);
}

// E from z, so that no logarithm of a rounded output is taken; δ = o − t.
struct SigmoidBinaryCrossEntropy {
  static constexpr bool from_z = true;
  static vf E(vf z, vf, vf t) { return softplus(z) - t * z; }
};
struct ExponentialPoisson {
  static constexpr bool from_z = true;
  static vf E(vf z, vf o, vf t) { return o - t * z; }
};
inline float target_sum(const OutputRow& x) {
  vf total = zero();
  for (int i = 0; i < x.vectors * VL; i += VL) total += load(x.t + i);
  return sum(total);
}
inline float softmax_cross_entropy_error(const OutputRow& x) {
  const float top = row_top(x.z, x.vectors, x.n);
  vf exps = zero(), product = zero();
  for (int v = 0, i = 0; v < x.vectors; ++v, i += VL) {
    exps += keep(inside(v, x.n), exp(load(x.z + i) - top));
    product = fma(load(x.t + i), load(x.z + i) - top, product);
  }
  return target_sum(x) * log(splat(sum(exps)))[0] - sum(product);
}
inline void softmax_cross_entropy_backward(const OutputRow& x, float share, float* g) {
  const float total = target_sum(x);
  for (int v = 0, i = 0; v < x.vectors; ++v, i += VL)
    store(g + i, keep(inside(v, x.n), share * (load(x.o + i) * total - load(x.t + i))));
}

inline void softmax_cross_entropy_across(const OutputRow& x, float* e, float* g) {
  const vf top = top_across(x.z, x.vectors);
  vf exps = zero(), product = zero(), total = zero();
  for (int i = 0; i < x.vectors * VL; i += VL) {
    const vf z = load(x.z + i) - top, t = load(x.t + i);
    exps += exp(z), product = fma(t, z, product), total += t;
  }
  for (int i = 0; i < x.vectors * VL; i += VL) store(g + i, load(x.o + i) * total - load(x.t + i));
  store(e, total * log(exps) - product);
}

template <class L>
constexpr Loss general(const char* name) {
  return {name, nullptr, error_row<L>, backward_row<L>, across_rows<L>};
}
template <class F>
constexpr Loss fused(const char* name, const char* activation) {
  return {name, activation, error_row<F>, backward_row<Squared>, across_rows<F, Squared>};
}

// The first row that fits a loss and an output activation is taken: fused pairs stand first.
inline constexpr Loss LOSSES[] = {
    {"cross_entropy", "softmax", softmax_cross_entropy_error, softmax_cross_entropy_backward,
     softmax_cross_entropy_across},
    fused<SigmoidBinaryCrossEntropy>("binary_cross_entropy", "sigmoid"),
    fused<ExponentialPoisson>("poisson", "exponential"),
    general<Absolute>("absolute"), general<Squared>("squared"), general<Huber>("huber"),
    general<Pinball>("pinball"), general<BinaryCrossEntropy>("binary_cross_entropy"),
    general<CrossEntropy>("cross_entropy"), general<Poisson>("poisson"), general<Hinge>("hinge"),
};

}  // namespace deltaw::DELTAW_ISA
