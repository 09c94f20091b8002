// The optimiser table of equations/optimizers.py on vectors: the new w from w, its gradient g and its state.
#pragma once

#include <cmath>
#include <cstdint>

#include "simd.hpp"

namespace deltaw::DELTAW_ISA {

// The settings of an optimiser; each row uses its own.
struct OptimizerSettings {
  double momentum = 0, beta1 = 0, beta2 = 0, rho = 0, epsilon = 0;
};

// What one step needs, computed once for all weights. For Adam, α m̂/(√v̂ + ε) = α' m/(√v + ε') with
// α' = α √(1 − β₂ᵗ)/(1 − β₁ᵗ) and ε' = ε √(1 − β₂ᵗ): no division by the corrections for each weight.
struct StepConstants {
  // 1 − β is rounded once, from double: 1 − 0.999f would be wrong in its fifth digit.
  // αλ stays a number of its own: 1 − αλ would lose its digits beside the 1.
  float alpha, shrink, l2, momentum, new_m, new_v, new_s, epsilon, adam_alpha = 0.0f,
      adam_epsilon = 0.0f;

  StepConstants(const OptimizerSettings& s, double alpha_, double decay, double l2_, std::int64_t t)
      : alpha(float(alpha_)), shrink(float(alpha_ * decay)), l2(float(l2_)), momentum(float(s.momentum)),
        new_m(float(1.0 - s.beta1)), new_v(float(1.0 - s.beta2)), new_s(float(1.0 - s.rho)),
        epsilon(float(s.epsilon)) {
    if (s.beta2 == 0.0) return;  // not Adam: no powers for it, which would be felt at one sample a step
    const double root = std::sqrt(1.0 - std::pow(s.beta2, double(t)));
    adam_alpha = float(alpha_ * root / (1.0 - std::pow(s.beta1, double(t))));
    adam_epsilon = float(s.epsilon * root);
  }
  bool plain() const { return l2 == 0.0f && shrink == 0.0f; }
  StepConstants without_l2_and_decay() const {  // for biases
    StepConstants c = *this;
    c.l2 = 0.0f;
    c.shrink = 0.0f;
    return c;
  }
};

// Each row: how many state arrays; whether a gradient of zero leaves the weight and its state as they are; and `step`:
// w, g and the places of the state -> the new w.
// clang-format off
struct Sgd      { static constexpr int slots = 0; static constexpr bool rests = true;
                  static vf step(vf w, vf g, float*, float*, const StepConstants& c) { return fma(splat(-c.alpha), g, w); } };
struct Momentum { static constexpr int slots = 1; static constexpr bool rests = false;
                  static vf step(vf w, vf g, float* s, float*, const StepConstants& c) {
                    vf v = fma(splat(-c.alpha), g, c.momentum * load(s)); store(s, v); return w + v; } };
struct Nesterov { static constexpr int slots = 1; static constexpr bool rests = false;
                  static vf step(vf w, vf g, float* s, float*, const StepConstants& c) {
                    vf v = fma(splat(-c.alpha), g, c.momentum * load(s)); store(s, v);
                    return w + fma(splat(-c.alpha), g, c.momentum * v); } };
struct Adam     { static constexpr int slots = 2; static constexpr bool rests = false;
                  static vf step(vf w, vf g, float* s0, float* s1, const StepConstants& c) {
                    vf m = load(s0), v = load(s1);
                    m = fma(splat(c.new_m), g - m, m);
                    v = fma(splat(c.new_v), fma(g, g, -v), v);
                    store(s0, m); store(s1, v);
                    return fma(splat(-c.adam_alpha), quotient(m, square_root(v) + c.adam_epsilon), w); } };
struct RmsProp  { static constexpr int slots = 1; static constexpr bool rests = false;
                  static vf step(vf w, vf g, float* s0, float*, const StepConstants& c) {
                    vf s = load(s0); s = fma(splat(c.new_s), fma(g, g, -s), s); store(s0, s);
                    return fma(splat(-c.alpha), quotient(g, square_root(s) + c.epsilon), w); } };
struct Adagrad  { static constexpr int slots = 1; static constexpr bool rests = true;
                  static vf step(vf w, vf g, float* s0, float*, const StepConstants& c) {
                    vf s = fma(g, g, load(s0)); store(s0, s);
                    return fma(splat(-c.alpha), quotient(g, square_root(s) + c.epsilon), w); } };
// clang-format on

// The gradient of E's own L2 term and AdamW's decay are added here; w and state in place. `plain`: there is neither,
// which is known for a whole step and not asked at every weight.
template <class Opt, bool plain = false>
inline vf apply(float* w, float* s0, float* s1, vf g, const StepConstants& c) {
  vf old = load(w);
  if (!plain && c.l2 != 0.0f) g = fma(splat(c.l2), old, g);
  if (!plain && c.shrink != 0.0f) old = fma(splat(-c.shrink), old, old);
  vf now = Opt::step(old, g, s0, s1, c);
  store(w, now);
  return now;
}

}  // namespace deltaw::DELTAW_ISA
