// From raw numbers to a network's inputs: scaled, possibly clipped smoothly, and as positions in bins. In double and in
// the same order of operations as deltaw/equations/scaled.py, so that rows kept raw give the same bits as rows prepared
// before.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <vector>

#include "simd.hpp"

namespace deltaw::DELTAW_ISA {

// How a column is scaled: z = (x − centre) / width + shift, then, if it `bend`s, the smooth clip z / √(1 + (z/3)²).
// `edges`: of its bins, or empty. `fill` replaces a missing x. `indicator`: the values of an input that says whether x
// is there, if it is and if it is missing; or empty.
struct Scale {
  double fill, centre, width, shift;
  bool bend;
  std::vector<double> edges, indicator;
};

// The scales of all numbers of a row, a lane each. Numbers that are not raw have lanes too, whose results are not used.
class Scales {
 public:
  bool any() const { return width_ > 0; }
  // Floats of a row: the stored numbers, then as many scaled ones, positions in bins and indicators, each in whole vectors.
  int room() const { return 4 * width_; }
  int scaled(int i) const { return width_ + i; }
  int position(int i) const { return 2 * width_ + i; }
  int indicator(int i) const { return 3 * width_ + i; }

  // Stored number i of `total` is a raw one.
  void add(int i, int total, const Scale& scale) {
    const int bins = std::max(0, int(scale.edges.size()) - 1);
    if (!any()) width_ = (total + HALF - 1) / HALF * HALF, bends_.assign(width_, 0.0);
    used_.resize(width_ / HALF), indicates_.resize(width_ / HALF);
    for (auto* each : {&fill_, &half_centre_, &shift_, &first_, &last_, &present_, &missing_}) each->resize(width_);
    half_width_.resize(width_, 1.0);
    steps_ = std::max(steps_, bins);
    const std::size_t all = std::size_t(std::max(steps_, 1)) * width_;
    ends_.resize(all, std::numeric_limits<double>::infinity());  // never reached by x
    halves_.resize(all), of_one_.resize(all);

    used_[i / HALF] = true;
    bends_[i] = scale.bend ? 1.0 : 0.0;
    fill_[i] = scale.fill, half_centre_[i] = scale.centre / 2, half_width_[i] = scale.width / 2, shift_[i] = scale.shift;
    if (!scale.indicator.empty())
      indicates_[i / HALF] = true, present_[i] = scale.indicator[0], missing_[i] = scale.indicator[1];
    if (!bins) return;
    first_[i] = scale.edges.front(), last_[i] = scale.edges.back();
    for (int k = 0; k < bins; ++k) {
      const std::size_t at = std::size_t(k) * width_ + i;
      const double half = scale.edges[k] / 2;
      ends_[at] = scale.edges[k], halves_[at] = half, of_one_[at] = 1 / (scale.edges[k + 1] / 2 - half);
    }
  }

  // Compute what stands behind the stored numbers of a row.
  void apply(float* row) const {
    for (int i = 0; i < width_; i += HALF) {
      if (!used_[i / HALF]) continue;
      const vd raw = load_doubles(row + i);
      const vd x = raw == raw ? raw : at(fill_, i);
      vd z = (x * 0.5 - at(half_centre_, i)) / at(half_width_, i);  // halved first: the difference of two huge numbers could overflow
      z = z < -LIMIT ? vd{} - LIMIT : z;
      z = (z > LIMIT ? vd{} + LIMIT : z) + at(shift_, i);
      const vd part = z / BEND;
      const vd bent = z / square_root(part * part + 1.0);
      store_floats(row + width_ + i, at(bends_, i) != 0.0 ? bent : z);
      store_floats(row + 2 * width_ + i, place(x, i));
      if (indicates_[i / HALF]) store_floats(row + 3 * width_ + i, raw == raw ? at(present_, i) : at(missing_, i));
    }
  }

 private:
  static constexpr int HALF = DOUBLES;
  static constexpr double LIMIT = 1e30, BEND = 3.0;

  static vd at(const std::vector<double>& of, std::size_t i) { return load(of.data() + i); }

  // The position of x in the bins: whole bins below it, and how far it is into its own.
  vd place(vd x, int i) const {
    vd bin{}, half, of_one;
    for (int k = 1; k < steps_; ++k) {
      const vd one = vd{} + 1.0;
      bin += x >= at(ends_, std::size_t(k) * width_ + i) ? one : vd{};
    }
    const half_vi passed = __builtin_convertvector(bin, half_vi);
    for (int lane = 0; lane < DOUBLES; ++lane) {
      const std::size_t j = std::size_t(passed[lane]) * width_ + i + lane;
      half[lane] = halves_[j], of_one[lane] = of_one_[j];
    }
    x = x < at(first_, i) ? at(first_, i) : x;
    x = x > at(last_, i) ? at(last_, i) : x;
    return (x * 0.5 - half) * of_one + bin;
  }

  int width_ = 0, steps_ = 0;  // of a row, and the most bins
  std::vector<bool> used_, indicates_;  // of each vector of doubles: whether one of its lanes is a raw number, and has an indicator
  std::vector<double> fill_, half_centre_, half_width_, shift_, bends_, first_, last_, present_, missing_;
  std::vector<double> ends_, halves_, of_one_;  // of bin k of number i, at k · width + i: its lower edge, half of it, and 1 / half its width
};

}  // namespace deltaw::DELTAW_ISA
