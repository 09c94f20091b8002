// Numbers as their columns have them, and what a network gets of them: scaled, perhaps bent, and their places in bins. In double, step
// for step as deltaw/equations/scaled.py does it, so that who keeps a raw number keeps every bit of both.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <vector>

#include "simd.hpp"

namespace deltaw::DELTAW_ISA {

// Of a column: z = (x − centre) / width + shift, then where it bends z / √(1 + (z/3)²); `edges` of its bins, or none; `fill`: x where
// it is missing; `told`: what says whether it is, there or missing, or none.
struct Scale {
  double fill, centre, width, shift;
  bool bend;
  std::vector<double> edges, told;
};

// Those of a row of numbers side by side, a lane each; numbers between them that are none of these have lanes that nobody looks at.
class Scales {
 public:
  bool any() const { return width_ > 0; }
  // Of a row: what is stored, then as many scaled numbers, as many places in bins, and as many that say what is missing, whole
  // vectors of each.
  int room() const { return 4 * width_; }
  int scaled(int i) const { return width_ + i; }
  int position(int i) const { return 2 * width_ + i; }
  int told(int i) const { return 3 * width_ + i; }

  // Column i of `total` is one of these.
  void add(int i, int total, const Scale& scale) {
    const int bins = std::max(0, int(scale.edges.size()) - 1);
    if (!any()) width_ = (total + HALF - 1) / HALF * HALF, bends_.assign(width_, 0.0);
    used_.resize(width_ / HALF), tells_.resize(width_ / HALF);
    for (auto* each : {&fill_, &half_centre_, &shift_, &first_, &last_, &there_, &gone_}) each->resize(width_);
    half_width_.resize(width_, 1.0);
    steps_ = std::max(steps_, bins);
    const std::size_t all = std::size_t(std::max(steps_, 1)) * width_;
    ends_.resize(all, std::numeric_limits<double>::infinity());  // which no number reaches
    halves_.resize(all), of_one_.resize(all);

    used_[i / HALF] = true;
    bends_[i] = scale.bend ? 1.0 : 0.0;
    fill_[i] = scale.fill, half_centre_[i] = scale.centre / 2, half_width_[i] = scale.width / 2, shift_[i] = scale.shift;
    if (!scale.told.empty()) tells_[i / HALF] = true, there_[i] = scale.told[0], gone_[i] = scale.told[1];
    if (!bins) return;
    first_[i] = scale.edges.front(), last_[i] = scale.edges.back();
    for (int k = 0; k < bins; ++k) {
      const std::size_t at = std::size_t(k) * width_ + i;
      const double half = scale.edges[k] / 2;
      ends_[at] = scale.edges[k], halves_[at] = half, of_one_[at] = 1 / (scale.edges[k + 1] / 2 - half);
    }
  }

  // What is stored of a row is there; what is made of it goes behind it.
  void apply(float* row) const {
    for (int i = 0; i < width_; i += HALF) {
      if (!used_[i / HALF]) continue;
      const vd raw = load_doubles(row + i);
      const vd x = raw == raw ? raw : at(fill_, i);
      vd z = (x * 0.5 - at(half_centre_, i)) / at(half_width_, i);  // halves: the difference of two huge numbers would overflow
      z = z < -LIMIT ? vd{} - LIMIT : z;
      z = (z > LIMIT ? vd{} + LIMIT : z) + at(shift_, i);
      const vd part = z / BEND;
      const vd bent = z / square_root(part * part + 1.0);
      store_floats(row + width_ + i, at(bends_, i) != 0.0 ? bent : z);
      store_floats(row + 2 * width_ + i, place(x, i));
      if (tells_[i / HALF]) store_floats(row + 3 * width_ + i, raw == raw ? at(there_, i) : at(gone_, i));
    }
  }

 private:
  static constexpr int HALF = DOUBLES;
  static constexpr double LIMIT = 1e30, BEND = 3.0;

  static vd at(const std::vector<double>& of, std::size_t i) { return load(of.data() + i); }

  // How many bins x has come through. Nobody need be beyond the end of the last one: float32 knows no difference.
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
  std::vector<bool> used_, tells_;  // of each vector of doubles: whether a column of it is one of these, and tells of gaps
  std::vector<double> fill_, half_centre_, half_width_, shift_, bends_, first_, last_, there_, gone_;
  std::vector<double> ends_, halves_, of_one_;  // of bin k of column i, at k · width + i: its begin, half of that, 1 / half its width
};

}  // namespace deltaw::DELTAW_ISA
