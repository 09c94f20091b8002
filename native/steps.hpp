// What a step does to the weights, for each optimiser: after a batch, or after every sample.
#pragma once

#include <type_traits>

#include "run.hpp"

namespace deltaw::DELTAW_ISA {

// Where a layer's weights and state lie, and the step that changes them there. Held by value, pointers and all: the
// compiler must take every store for one that might change what it reaches through a reference.
template <class Opt, bool plain = false>
struct Update {
  float *w, *s0, *s1;
  std::size_t stride;
  StepConstants c;

  Update(Layer& layer, const StepConstants& c_)
      : w(layer.w.data()), s0(Opt::slots > 0 ? layer.state[0].data() : nullptr),
        s1(Opt::slots > 1 ? layer.state[1].data() : nullptr), stride(layer.stride), c(c_) {}

  // g of inputs k … k + N of group v, or of the N inputs at these places.
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
  // g of inputs begin … end of group v, one after another in memory.
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

// Gradients of a strip of inputs from `begin` on, group after group in memory. As a sink, see `gradient`.
struct Strip {
  float* sums;
  int begin;
  const int* places;  // of the inputs that were summed over, or null: all were

  template <int N>
  void operator()(int v, int i, const vf (&g)[N]) const {
#pragma GCC unroll 8
    for (int j = 0; j < N; ++j)
      store(sums + std::size_t(v * STRIP_INPUTS + (places ? places[i + j] : i + j) - begin) * VL, g[j]);
  }
};

// A thread's share of a layer's step, by gradients that were summed in memory.
template <class Weights, class Biases, class Gradient>
void step_from_memory(const Layer& layer, const Weights& weights, const Biases& biases, int thread, int threads,
                      const Gradient& gradient) {
  share_out(layer.vectors, blocks_of(layer.n_in), thread, threads, [&](int v0, int v1, int b0, int b1) {
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

// Of plain descent every tile of ∂E/∂W goes from the registers that summed it into the weights; of optimisers that make
// a step of a gradient of zero, too, by strips.
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
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    Layer& layer = layers_[l];
    if (halved(run, piece, int(l), thread)) {
      const float *one = layer.halves[0].data(), *two = layer.halves[1].data();
      step_from_memory(layer, Update<Opt, plain>(layer, c), Update<Opt>(layer, cb), thread, run.threads,
                       [one, two](std::size_t at) { return load(one + at) + load(two + at); });
      continue;
    }
    if (std::is_same_v<Opt, Sgd> && l == 0 && run.sparse) {
      const Range mine = part(layer.vectors, thread, run.threads);
      for (int r = 0; r < piece.rows; ++r) {
        const std::int64_t row = run.epoch.order[piece.begin + r];
        sparse_.update(layer, run.epoch.inputs, row, SparseLayer::sum_of(run.epoch.inputs, row), work_.delta[0].row(r),
                       c.alpha, mine.begin, mine.end);
      }
      continue;
    }
    const Update<Opt, plain> weights(layer, c);
    const Update<Opt> biases(layer, cb);
    const Columns& columns = run.columns[thread];
    const auto bias = [&](int v, vf g) {
      if (layer.bias) biases(v, layer.n_in, g);
    };
    const bool rest = Opt::rests && c.l2 == 0.0f, by_fields = l == 0 && run.encoded;
    if (rest || by_fields || work_.along[l].size())
      gradient_of_layer(run, columns, {0, piece.rows}, int(l), thread, run.threads, weights, bias);
    else by_strips(run, piece, int(l), thread, weights, bias);
  }
}

// A layer's step by strips of its inputs. A strip's gradients, with zero where an input was left out, lie in the first cache
// when the optimiser passes over them from front to back: what one weight's step waits for, it does meanwhile for those
// behind. The strip's part of A stays in the second cache while all groups of units pass.
template <class Weights, class Bias>
void Trainer::by_strips(const Run& run, const Piece& piece, int l, int thread, const Weights& weights, const Bias& bias) {
  const Layer& layer = layers_[l];
  const Rows delta = work_.delta[l], A = input_of(run, l);
  const Columns& columns = run.columns[thread];
  const bool listed = l == 0 && !columns.all();
  float* const sums = work_.strips[thread].data();
  share_out(layer.vectors, blocks_of(layer.n_in), thread, run.threads, [&](int v0, int v1, int b0, int b1) {
    const int last = std::min(b1 * TILE_ROWS, layer.n_in);
    for (int begin = b0 * TILE_ROWS; begin < last; begin += STRIP_INPUTS) {
      const int end = std::min(begin + STRIP_INPUTS, last);
      const int i0 = listed ? columns.before(begin) : begin, i1 = listed ? columns.before(end) : end;
      const Strip strip{sums, begin, listed ? columns.listed().places : nullptr};
      if (listed) std::fill_n(sums, std::min(TILE_VECTORS, v1 - v0) * STRIP_INPUTS * VL, 0.0f);
      in_pieces<TILE_VECTORS>(v0, v1, [&]<int NV>(int v, Size<NV>) {
        gradient(delta.right(v * VL), A, piece.rows, 0, NV, i0, i1, strip);
        for (int j = 0; j < NV; ++j) weights.over(v + j, begin, end, sums + j * STRIP_INPUTS * VL);
      });
    }
    if (b0 == 0) bias_gradient(delta, piece.rows, v0, v1, bias);
  });
}

// The same from a gradient that was summed in memory, times `scale` (clipping).
template <class Opt>
void Trainer::update_buffered(Run& run, const Piece& piece, float scale, int thread) {
  StepConstants c = constants(run, piece.step);
  const StepConstants cb = c.without_l2_and_decay();
  c.l2 *= scale;
  for (Layer& layer : layers_) {
    const float* g = layer.gradient.data();
    step_from_memory(layer, Update<Opt>(layer, c), Update<Opt>(layer, cb), thread, run.threads,
                     [g, scale](std::size_t at) { return scale * load(g + at); });
  }
}

// Batch size 1, the notes' method: every layer's update waits until the next sample's signals pass through it,
// so that W is read and written once a sample. Threads share the first layer, which holds most of the weights. Of two
// layers they share the second by its inputs, which are the units that each has of the first: they meet once a sample, to
// put the parts of its sums together, and each makes of these the errors that it sends back to its own units. Of more layers
// thread 0 does the rest, and they meet twice.
template <class Opt>
void Trainer::samples(Run& run, int thread) {
  const Epoch& epoch = run.epoch;
  const int depth = int(layers_.size());
  const bool boss = thread == 0, first_coupled = layers_[0].activation->coupled, apart = in_parts();
  const bool sparse = std::is_same_v<Opt, Sgd> && run.sparse;  // known where the others are compiled
  Floats x[2] = {Floats(layers_[0].n_in), Floats(layers_[0].n_in)};

  // Activations are kept for two samples: row i % 2 is this one's.
  const auto input = [&](int l, int row) { return l == 0 ? x[row].data() : work_.a[l - 1].row(row); };
  // The weighted sums of sample i from inputs k0 … k1 to groups v0 … v1, after the step for the sample before.
  const auto weigh = [&](int l, std::int64_t i, int v0, int v1, int k0, int k1, const float* delta, float* z) {
    Layer& layer = layers_[l];
    const int row = int(i % 2);
    if (i == 0)
      return product({input(l, row) + k0, 0}, 0, 1, layer.w.data() + layer.place(v0, k0), layer.stride, Every{k1 - k0},
                     k0 > 0 ? -1 : layer.n_in, {z, 0}, v0, v1);
    const StepConstants c = constants(run, i - 1);
    in_pieces<WIDE>(v0, v1, [&]<int NV>(int v, Size<NV>) {
      online_tile<Opt, NV>(layer, v, k0, k1, delta, input(l, 1 - row), input(l, row), z, c);
    });
  };
  const auto pass = [&](int l, std::int64_t i, int v0, int v1) {
    Layer& layer = layers_[l];
    const int row = int(i % 2);
    float* z = work_.z[l].row(row);
    if (l == 0 && sparse) {
      const std::int64_t now = epoch.order[i];
      if (i == 0) sparse_.product(layer, epoch.inputs, now, SparseLayer::sum_of(epoch.inputs, now), z, v0, v1);
      else
        sparse_.update_and_product(layer, epoch.inputs, epoch.order[i - 1], work_.delta[0].data,
                                   float(epoch.pace.alpha[i - 1]), now, z, v0, v1);
    } else {
      weigh(l, i, v0, v1, 0, layer.n_in, work_.delta[l].data, z);
    }
    if (!layer.activation->coupled)
      layer.activation->training(z + v0 * VL, work_.o[l].row(row) + v0 * VL, v1 - v0, layer.n_out);
    else if (boss && v1 - v0 == layer.vectors)
      layer.activation->training(z, work_.o[l].row(row), layer.vectors, layer.n_out);
  };
  // The inputs of the second layer whose sums are part q, and where these lie for a row.
  const auto units_of = [&](int q) {
    const Range units = part(layers_[0].vectors, q, PARTS);
    return Range{units.begin * VL, std::min(units.end * VL, layers_[0].n_out)};
  };
  const auto part_of = [&](int row, int q) { return parts_.data() + std::size_t(row * PARTS + q) * part_size(); };

  // What the output layer has of one row: each thread's own, where all make it.
  const int last = depth - 1, width = layers_[last].vectors * VL;
  Floats kept(apart ? 5 * width : 0);
  struct Outputs { float *z, *o, *t, *sent, *delta; };
  const auto outputs_of = [&](int row) -> Outputs {
    float* at = kept.data();
    if (apart) return {at, at + width, at + 2 * width, at + 3 * width, at + 4 * width};
    return {work_.z[last].row(row), work_.o[last].row(row), work_.t.data, work_.sent[last].data, work_.delta[last].data};
  };
  const auto back = [&](int l, int row, int v0, int v1) {  // δ of layer l from layer l + 1
    const Outputs out = outputs_of(row);
    const float* from_next = l + 1 < last ? sent_on()[l + 1].data : plan_.notes_rule ? out.sent : out.delta;
    split_back(layers_[l + 1], from_next, work_.sent[l].data, v0, v1);
    const int from = v0 * VL;
    if (!layers_[l].activation->coupled || v1 - v0 == layers_[l].vectors)
      layers_[l].activation->chain(work_.sent[l].data + from, work_.z[l].row(row) + from, work_.o[l].row(row) + from,
                                   work_.delta[l].data + from, v1 - v0, layers_[l].n_out);
  };
  const auto errors = [&](std::int64_t data_row, int row) {
    const Outputs out = outputs_of(row);
    epoch.targets.fetch(data_row, out.t);
    const float weight = epoch.targets.weight_of(data_row);
    const OutputRow x{out.z, out.o, out.t, layers_[last].vectors, layers_[last].n_out, parameter_.data()};
    if (boss) run.error += double(weight) * double(loss_->error(x));
    loss_->backward(x, weight, out.sent);
    if (loss_->fused_with) std::memcpy(out.delta, out.sent, width * sizeof(float));
    else layers_[last].activation->chain(out.sent, out.z, out.o, out.delta, x.vectors, x.n);
  };

  const auto join = [&](int row) {
    const Layer& layer = layers_[last];
    const Outputs out = outputs_of(row);
    for (int v = 0; v < layer.vectors; ++v) {
      vf z = zero();
      for (int q = 0; q < PARTS; ++q)
        if (units_of(q).begin < units_of(q).end) z += load(part_of(row, q) + v * VL);
      store(out.z + v * VL, z);
    }
    layer.activation->training(out.z, out.o, layer.vectors, layer.n_out);
  };

  // A coupled first layer needs its whole row at once: thread 0 then takes all of it.
  const Range parts = part(PARTS, thread, run.threads);
  const int groups = layers_[0].vectors;
  const Range own = !first_coupled ? Range{groups * parts.begin / PARTS, groups * parts.end / PARTS}
                                   : Range{0, boss ? groups : 0};
  std::int64_t i = 0;
  for (; i < epoch.n; ++i) {
    const int row = int(i % 2);
    if (!sparse) epoch.inputs.fetch(epoch.order[i], x[row].data());
    else if (i + 2 < epoch.n) epoch.inputs.call_up(epoch.order[i + 2]);
    if (sparse && i + 4 < epoch.n) epoch.inputs.call_up_place(epoch.order[i + 4]);
    if (i + 2 < epoch.n) epoch.targets.call_up(epoch.order[i + 2]);
    if (own.begin < own.end) pass(0, i, own.begin, own.end);
    for (int q = parts.begin; apart && q < parts.end; ++q)
      if (const Range units = units_of(q); units.begin < units.end)
        weigh(last, i, 0, layers_[last].vectors, units.begin, units.end, outputs_of(row).delta, part_of(row, q));
    run.barrier.wait();
    if (apart) {
      join(row);
      errors(epoch.order[i], row);
    } else if (boss) {
      for (int l = 1; l < depth; ++l) pass(l, i, 0, layers_[l].vectors);
      errors(epoch.order[i], row);
      for (int l = depth - 2; l > 0; --l) back(l, row, 0, layers_[l].vectors);
    }
    run.ask(thread, i);
    if (!apart) run.barrier.wait();
    if (depth > 1 && own.begin < own.end) back(0, row, own.begin, own.end);
    if (run.over(i)) {
      ++i;
      break;
    }
  }
  // The last sample's update still waits. Layer 1 must not change before all threads have read it for `back`.
  run.barrier.wait();
  const std::int64_t done = i - 1;
  const StepConstants c = constants(run, done), cb = c.without_l2_and_decay();
  for (int l = 0; l < depth; ++l) {
    Layer& layer = layers_[l];
    const bool shared = l == last && apart;
    const Range to = l == 0 ? own : shared || boss ? Range{0, layer.vectors} : Range{0, 0};
    const Range from = shared ? Range{own.begin * VL, std::min(own.end * VL, layer.n_in)} : Range{0, layer.n_in};
    if (l == 0 && sparse) {
      const std::int64_t row = epoch.order[done];
      sparse_.update(layer, epoch.inputs, row, SparseLayer::sum_of(epoch.inputs, row), work_.delta[0].data, c.alpha,
                     to.begin, to.end);
      continue;
    }
    float* const delta = l == last ? outputs_of(0).delta : work_.delta[l].data;
    const Update<Opt> weights(layer, c), biases(layer, cb);
    gradient({delta, 0}, {input(l, int(done % 2)), 0}, 1, to.begin, to.end, from.begin, from.end, weights);
    if (layer.bias && from.begin == 0 && from.end > 0)
      for (int v = to.begin; v < to.end; ++v) biases(v, layer.n_in, load(delta + v * VL));
  }
}

}  // namespace deltaw::DELTAW_ISA
