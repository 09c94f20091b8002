// The update of the weights after a batch, for each optimiser.
#pragma once

#include <type_traits>

#include "run.hpp"

namespace deltaw::DELTAW_ISA {

// A layer's weights and state, and the step that changes them. Copied by value: through a reference, the compiler would
// have to reload the pointers after every store, which might have changed them.
template <class Opt, bool plain = false>
struct Update {
  float *w, *s0, *s1;
  std::size_t stride;
  StepConstants c;

  Update(Layer& layer, const StepConstants& c_)
      : w(layer.w.data()), s0(Opt::slots > 0 ? layer.state[0].data() : nullptr),
        s1(Opt::slots > 1 ? layer.state[1].data() : nullptr), stride(layer.stride), c(c_) {}

  // A step by g, the gradient of inputs k … k + N of group v, or of the N inputs at these places.
  template <int N>
  void operator()(int v, int k, const vf (&g)[N]) const {
    step(v, g, [k](int i) { return k + i; });
  }
  template <int N>
  void operator()(int v, const int* places, const vf (&g)[N]) const {
    step(v, g, [places](int i) { return places[i]; });
  }
  void operator()(int v, int k, vf g) const {
    const vf one[1] = {g};
    (*this)(v, k, one);
  }
  // The same for inputs begin … end, whose gradients are consecutive in memory.
  void over(int v, int begin, int end, const float* g) const {
    const Update own = *this;
    for (int k = begin; k < end; ++k, g += VL) own(v, k, load(g));
  }

 private:
  template <int N, class Place>
  void step(int v, const vf (&g)[N], Place place) const {
    float* const to = w + v * stride;
    float* const m = Opt::slots > 0 ? s0 + v * stride : nullptr;
    float* const n = Opt::slots > 1 ? s1 + v * stride : nullptr;
#pragma GCC unroll 8
    for (int i = 0; i < N; ++i) {
      const std::size_t at = std::size_t(place(i)) * VL;
      apply<Opt, plain>(to + at, Opt::slots > 0 ? m + at : nullptr, Opt::slots > 1 ? n + at : nullptr, g[i], c);
    }
  }
};

// A sink (see `gradient`) that writes the gradients of a strip of inputs from `begin` on to memory, group after group.
struct Strip {
  float* sums;
  int begin;
  const int* places;  // the inputs that were summed over, or null for all

  template <int N>
  void operator()(int v, int i, const vf (&g)[N]) const {
#pragma GCC unroll 8
    for (int j = 0; j < N; ++j)
      store(sums + std::size_t(v * STRIP_INPUTS + (places ? places[i + j] : i + j) - begin) * VL, g[j]);
  }
};

// A thread's share of a layer's step by a gradient that was summed in memory.
template <class Weights, class Biases, class Gradient>
void step_from_memory(const Layer& layer, const Weights& weights, const Biases& biases, int rows, int thread, Threads threads,
                      const Gradient& gradient) {
  share_out(layer, blocks_of(layer.n_in), rows, thread, threads, [&](int v0, int v1, int b0, int b1) {
    const Weights own = weights;
    const Gradient g = gradient;
    const int end = std::min(b1 * TILE_ROWS, layer.n_in);
    for (int v = v0; v < v1; ++v) {
      std::size_t at = layer.place(v, b0 * TILE_ROWS);
      for (int k = b0 * TILE_ROWS; k < end; ++k, at += VL) own(v, k, g(at));
      if (b0 == 0 && layer.bias) biases(v, layer.n_in, gradient(layer.place(v, layer.n_in)));
    }
  });
}

// With plain gradient descent every tile of ∂E/∂W goes straight from the registers that summed it into the weights.
// Optimisers that make a step even where the gradient is zero go by strips.
template <class Opt>
void Trainer::update(Run& run, const Piece& piece, int thread) {
  const StepConstants c = constants(run, piece.step);
  if (c.plain()) update_by<Opt, true>(run, piece, thread, c);
  else update_by<Opt, false>(run, piece, thread, c);
}

template <class Opt, bool plain>
void Trainer::update_by(Run& run, const Piece& piece, int thread, const StepConstants& c) {
  const StepConstants cb = c.without_l2_and_decay();
  bool halves = false;
  for (int l = 0; l < int(layers_.size()); ++l)
    if (halved(run, piece, l, thread)) sum_halves(run, piece, l, thread), halves = true;
  if (halves) run.barrier.wait();
  const bool alone = by_own_rows(run, piece, thread);  // then each thread makes the whole step
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    Layer& layer = run.layers[thread][l];
    if (halved(run, piece, int(l), thread)) {
      const float *one = layers_[l].halves[0].data(), *two = layers_[l].halves[1].data();
      step_from_memory(layer, Update<Opt, plain>(layer, c), Update<Opt>(layer, cb), piece.rows, alone ? 0 : thread,
                       alone ? Threads(1) : run.threads,
                       [one, two](std::size_t at) { return load(one + at) + load(two + at); });
      continue;
    }
    if (std::is_same_v<Opt, Sgd> && l == 0 && run.sparse) {
      const Range mine = part(layer.vectors, thread, run.threads);
      for (int r = 0; r < piece.rows; ++r) {
        const std::int64_t row = run.epoch.order[piece.begin + r];
        sparse_.update(layer, run.epoch.inputs, row, SparseLayer::sum_of(run.epoch.inputs, row),
                       run.work[thread]->delta[0].row(r), c.alpha, mine.begin, mine.end);
      }
      continue;
    }
    const Update<Opt, plain> weights(layer, c);
    const Update<Opt> biases(layer, cb);
    const auto bias = [&](int v, vf g) {
      if (layer.bias) biases(v, layer.n_in, g);
    };
    const bool rest = Opt::rests && c.l2 == 0.0f, by_fields = l == 0 && run.encoded;
    if (rest || by_fields || work_.along[l].size())
      gradient_of_layer(run, thread, {0, piece.rows}, int(l), thread, run.threads, weights, bias);
    else by_strips(run, piece, int(l), thread, weights, bias);
  }
}

// A layer's step by strips of its inputs. The optimiser goes over a strip's gradients (zero for inputs that were
// skipped) from front to back while they are in the L1 cache, so that the latencies of successive weights' steps
// overlap. The strip's part of A stays in the L2 cache for all groups of units.
template <class Weights, class Bias>
void Trainer::by_strips(const Run& run, const Piece& piece, int l, int thread, const Weights& weights, const Bias& bias) {
  const Layer& layer = layers_[l];
  Workspace& work = *run.work[thread];
  const Rows delta = work.delta[l], A = input_of(run, l, thread);
  const Columns& columns = run.columns[thread];
  const bool listed = l == 0 && !columns.all();
  float* const sums = work.strips[thread].data();
  each_share(run, thread, l, layer.n_in, piece.rows, thread, run.threads, [&](int v0, int v1, int k0, int last) {
    for (int begin = k0; begin < last; begin += STRIP_INPUTS) {
      const int end = std::min(begin + STRIP_INPUTS, last);
      const int i0 = listed ? columns.before(begin) : begin, i1 = listed ? columns.before(end) : end;
      const Strip strip{sums, begin, listed ? columns.listed().places : nullptr};
      if (listed) std::fill_n(sums, std::min(TILE_VECTORS, v1 - v0) * STRIP_INPUTS * VL, 0.0f);
      in_pieces<TILE_VECTORS>(v0, v1, [&]<int NV>(int v, Size<NV>) {
        gradient(delta.right(v * VL), A, piece.rows, 0, NV, i0, i1, strip);
        for (int j = 0; j < NV; ++j) weights.over(v + j, begin, end, sums + j * STRIP_INPUTS * VL);
      });
    }
    if (k0 == 0) bias_gradient(delta, piece.rows, v0, v1, bias);
  });
}

// The update by a gradient that was summed in memory, times `scale` (clipping).
template <class Opt>
void Trainer::update_buffered(Run& run, const Piece& piece, float scale, int thread) {
  StepConstants c = constants(run, piece.step);
  const StepConstants cb = c.without_l2_and_decay();
  c.l2 *= scale;
  for (Layer& layer : layers_) {
    const float* g = layer.gradient.data();
    step_from_memory(layer, Update<Opt>(layer, c), Update<Opt>(layer, cb), piece.rows, thread, run.threads,
                     [g, scale](std::size_t at) { return scale * load(g + at); });
  }
}

}  // namespace deltaw::DELTAW_ISA
