// What a step does to the weights, for each optimiser: after a batch, or after every sample.
#pragma once

#include "run.hpp"

namespace deltaw::DELTAW_ISA {

// The places of a layer's weights and state that an update changes.
template <class Opt>
struct Places {
  float *w, *s0, *s1;
  explicit Places(Layer& layer)
      : w(layer.w.data()), s0(Opt::slots > 0 ? layer.state[0].data() : nullptr),
        s1(Opt::slots > 1 ? layer.state[1].data() : nullptr) {}
  void apply(std::size_t i, vf g, const StepConstants& c) const {
    deltaw::DELTAW_ISA::apply<Opt>(w + i, Opt::slots > 0 ? s0 + i : nullptr, Opt::slots > 1 ? s1 + i : nullptr, g, c);
  }
};

// Every tile of ∂E/∂W goes from the registers that summed it into the optimiser.
template <class Opt>
void Trainer::update(Run& run, const Piece& piece, int buffer, int thread) {
  const StepConstants c = constants(run, piece.step), cb = c.without_l2_and_decay();
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    Layer& layer = layers_[l];
    const Places<Opt> places(layer);
    share_out(layer.vectors, blocks_of(layer.n_in), thread, run.threads, [&](int v0, int v1, int b0, int b1) {
      gradient(work_.delta[l], input_of(int(l), buffer), piece.rows, v0, v1, b0 * TILE_ROWS,
               std::min(b1 * TILE_ROWS, layer.n_in),
               [&](int v, int k, vf g) { places.apply(layer.place(v, k), g, c); });
      if (b0 == 0 && layer.bias)
        for (int v = v0; v < v1; ++v)
          places.apply(layer.place(v, layer.n_in), bias_gradient(work_.delta[l], piece.rows, v), cb);
    });
  }
}

// The same from a gradient that was summed in memory, times `scale` (clipping).
template <class Opt>
void Trainer::update_buffered(Run& run, const Piece& piece, float scale, int thread) {
  StepConstants c = constants(run, piece.step);
  const StepConstants cb = c.without_l2_and_decay();
  c.l2 *= scale;
  for (Layer& layer : layers_) {
    const Places<Opt> places(layer);
    const float* g = layer.gradient.data();
    share_out(layer.vectors, blocks_of(layer.n_in), thread, run.threads, [&](int v0, int v1, int b0, int b1) {
      for (int v = v0; v < v1; ++v) {
        for (int k = b0 * TILE_ROWS; k < std::min(b1 * TILE_ROWS, layer.n_in); ++k)
          places.apply(layer.place(v, k), scale * load(g + layer.place(v, k)), c);
        if (b0 == 0 && layer.bias) {
          const std::size_t i = layer.place(v, layer.n_in);
          places.apply(i, scale * load(g + i), cb);
        }
      }
    });
  }
}

// Batch size 1, the notes' method: every layer's update waits until the next sample's signals pass through it,
// so that W is read and written once a sample. Threads share the first layer, which holds most of the weights;
// thread 0 does the rest.
template <class Opt>
void Trainer::samples(Run& run, int thread) {
  constexpr int WIDE = 6;  // groups of units at a time: as many sums as hide the latency of an fma
  const Epoch& epoch = run.epoch;
  const int depth = int(layers_.size());
  const Range mine = part(layers_[0].vectors, thread, run.threads);
  const bool boss = thread == 0, first_coupled = layers_[0].activation->coupled;
  Floats x[2] = {Floats(layers_[0].n_in), Floats(layers_[0].n_in)};

  // Activations are kept for two samples: row i % 2 is this one's.
  const auto input = [&](int l, int row) { return l == 0 ? x[row].data() : work_.a[l - 1].row(row); };
  const auto pass = [&](int l, std::int64_t i, int v0, int v1) {
    Layer& layer = layers_[l];
    const int row = int(i % 2);
    float* z = work_.z[l].row(row);
    if (i == 0) {
      product({input(l, row), 0}, 0, 1, layer.w.data() + layer.place(v0, 0), layer.stride, layer.n_in, true, {z, 0}, v0, v1);
    } else {
      const StepConstants c = constants(run, i - 1);
      in_pieces<WIDE>(v0, v1, [&]<int NV>(int v, Size<NV>) {
        online_tile<Opt, NV>(layer, v, work_.delta[l].data, input(l, 1 - row), input(l, row), z, c);
      });
    }
    if (!layer.activation->coupled)
      layer.activation->forward(z + v0 * VL, work_.o[l].row(row) + v0 * VL, v1 - v0, layer.n_out);
    else if (boss && v1 - v0 == layer.vectors)
      layer.activation->forward(z, work_.o[l].row(row), layer.vectors, layer.n_out);
  };
  const auto back = [&](int l, int row, int v0, int v1) {  // δ of layer l from layer l + 1
    split_back(layers_[l + 1], sent_on()[l + 1].data, work_.sent[l].data, v0, v1);
    const int from = v0 * VL;
    if (!layers_[l].activation->coupled || v1 - v0 == layers_[l].vectors)
      layers_[l].activation->chain(work_.sent[l].data + from, work_.z[l].row(row) + from, work_.o[l].row(row) + from,
                                   work_.delta[l].data + from, v1 - v0, layers_[l].n_out);
  };
  const auto output = [&](std::int64_t data_row, int row) {
    const int l = depth - 1;
    epoch.targets.fetch(data_row, work_.t.data);
    const float weight = epoch.targets.weight_of(data_row);
    OutputRow out = output_row(row);
    out.t = work_.t.data;
    run.error += double(weight) * double(loss_->error(out));
    loss_->backward(out, weight, work_.sent[l].data);
    if (loss_->fused_with) std::memcpy(work_.delta[l].data, work_.sent[l].data, out.vectors * VL * sizeof(float));
    else layers_[l].activation->chain(work_.sent[l].data, out.z, out.o, work_.delta[l].data, out.vectors, out.n);
  };

  // A coupled first layer needs its whole row at once: thread 0 then takes all of it.
  const Range own = !first_coupled ? mine : boss ? Range{0, layers_[0].vectors} : Range{0, 0};
  std::int64_t i = 0;
  for (; i < epoch.n; ++i) {
    const int row = int(i % 2);
    epoch.inputs.fetch(epoch.order[i], x[row].data());
    if (own.begin < own.end) pass(0, i, own.begin, own.end);
    run.barrier.wait();
    if (boss) {
      for (int l = 1; l < depth; ++l) pass(l, i, 0, layers_[l].vectors);
      output(epoch.order[i], row);
      for (int l = depth - 2; l > 0; --l) back(l, row, 0, layers_[l].vectors);
    }
    run.ask(thread, i);
    run.barrier.wait();
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
    const Range groups = l == 0 ? own : boss ? Range{0, layers_[l].vectors} : Range{0, 0};
    const Places<Opt> places(layers_[l]);
    gradient({work_.delta[l].data, 0}, {input(l, int(done % 2)), 0}, 1, groups.begin, groups.end, 0, layers_[l].n_in,
             [&](int v, int k, vf g) { places.apply(layers_[l].place(v, k), g, c); });
    if (layers_[l].bias)
      for (int v = groups.begin; v < groups.end; ++v)
        places.apply(layers_[l].place(v, layers_[l].n_in), load(work_.delta[l].data + v * VL), cb);
  }
}

}  // namespace deltaw::DELTAW_ISA
