// Batch size 1, the notes' method: the weights change after every sample.
#pragma once

#include <type_traits>

#include "steps.hpp"

namespace deltaw::DELTAW_ISA {

// A sample's way through the layers on one thread, as far as no optimiser is involved.
//
// Every layer's update waits until the next sample's signals pass through it, so that W is read and written once a
// sample. Threads share the first layer, which holds most of the weights. If there are two layers (`in_parts`), they
// share the second by its inputs, which are each thread's own units of the first: they meet once a sample, to add up
// the parts of the output layer's sums, and then each computes all of that layer's δ for itself. Signals, and its part of
// the second layer, are in memory of each thread's own: what a processor reads ahead beyond the end of its share would
// be taken out of the other one's cache at every sample. If there are more layers, thread 0 computes those after the
// first, and they meet twice.
class alignas(APART) Trainer::SamplePass {
 public:
  SamplePass(Trainer& trainer, Run& run, int thread)
      : trainer_(trainer), run_(run), epoch_(run.epoch), layers_(trainer.layers_), thread_(thread),
        last_(int(trainer.layers_.size()) - 1), first_(thread == 0), in_parts_(trainer.in_parts()),
        parts_(part(PARTS, thread, run.threads)), own_(own_groups()),
        own_work_(in_parts_ ? Workspace(layers_, 2, true, {}) : Workspace()), work_(in_parts_ ? own_work_ : trainer.work_),
        second_(own_second()), x_{Floats(layers_[0].n_in), Floats(layers_[0].n_in)} {
    if (epoch_.inputs.encoding) row_room_ = RowRoom(*epoch_.inputs.encoding);
    if (in_parts_) exchange_second([](float* own, float* shared, std::size_t n) { std::copy_n(shared, n, own); });
  }
  virtual ~SamplePass() = default;

  virtual void train() = 0;
  // After the last update of a pass.
  void give_back() {
    if (in_parts_) exchange_second([](float* own, float* shared, std::size_t n) { std::copy_n(own, n, shared); });
  }

 protected:
  // This thread's groups of the first layer's units. A coupled activation needs all units: thread 0 takes them.
  Range own_groups() const {
    const int groups = layers_[0].vectors;
    if (layers_[0].activation->coupled) return {0, first_ ? groups : 0};
    return {groups * parts_.begin / PARTS, groups * parts_.end / PARTS};
  }
  // The memory of part q of the second layer's sums.
  float* part_of(int row, int q) const {
    return trainer_.parts_.data() + std::size_t(row * PARTS + q) * trainer_.part_size();
  }
  // Whether layer l is `second_`, whose inputs are this thread's units of the first layer, from `own_unit` on.
  bool own_part(int l) const { return in_parts_ && l == last_; }
  int own_unit() const { return own_.begin * VL; }
  Layer own_second() const {
    const Layer& shared = layers_[last_];
    const int units = in_parts_ ? std::max(0, std::min(own_.end * VL, shared.n_in) - own_unit()) : 0;
    return {units, shared.n_out, shared.bias && units > 0 && own_.begin == 0, shared.activation, trainer_.slots_};
  }
  // copy(own, shared, n) for all weights and state that `second_` has.
  template <class Copy>
  void exchange_second(Copy&& copy) {
    Layer& shared = layers_[last_];
    const auto each = [&](Floats& own, Floats& all) {
      for (int v = 0; v < shared.vectors; ++v) {
        copy(own.data() + second_.place(v, 0), all.data() + shared.place(v, own_unit()), std::size_t(second_.n_in) * VL);
        if (second_.bias) copy(own.data() + second_.place(v, second_.n_in), all.data() + shared.place(v, shared.n_in), VL);
      }
    };
    each(second_.w, shared.w);
    for (int s = 0; s < trainer_.slots_; ++s) each(second_.state[s], shared.state[s]);
  }

  // Layers as this thread has them, and their inputs. Activations are kept for two samples: those of sample i are in row i % 2.
  Layer& layer_of(int l) { return own_part(l) ? second_ : layers_[l]; }
  float* input(int l, int row) {
    if (l == 0) return x_[row].data();
    return work_.a[l - 1].row(row) + (own_part(l) ? own_unit() : 0);
  }

  // The inputs of sample i; those of the next samples are prefetched.
  void fetch(std::int64_t i, bool sparse) {
    if (!sparse) epoch_.inputs.fetch(epoch_.order[i], x_[i % 2].data(), &row_room_);
    else if (i + 2 < epoch_.n) epoch_.inputs.prefetch(epoch_.order[i + 2]);
    if (sparse && i + 4 < epoch_.n) epoch_.inputs.prefetch_place(epoch_.order[i + 4]);
    if (i + 2 < epoch_.n) epoch_.targets.prefetch(epoch_.order[i + 2]);
  }

  // z and o of the output layer from the parts of all threads.
  void add_parts(int row) {
    const Layer& layer = layers_[last_];
    float* const summed = work_.z[last_].row(row);
    for (int v = 0; v < layer.vectors; ++v) {
      vf z = zero();
      for (int q = 0; q < PARTS; ++q)
        if (const Range in = trainer_.inputs_of_part(q, PARTS); in.begin < in.end) z += load(part_of(row, q) + v * VL);
      store(summed + v * VL, z);
    }
    layer.activation->training(summed, work_.o[last_].row(row), layer.vectors, layer.n_out);
  }

  // E of sample i, and δ of the output layer.
  void errors(std::int64_t i) {
    const Layer& layer = layers_[last_];
    const std::int64_t data_row = epoch_.order[i];
    const int row = int(i % 2);
    float *const sent = work_.sent[last_].data, *const delta = work_.delta[last_].data;
    epoch_.targets.fetch(data_row, work_.t.data);
    const float weight = epoch_.targets.weight_of(data_row);
    const OutputRow x{work_.z[last_].row(row), work_.o[last_].row(row), work_.t.data, layer.vectors, layer.n_out,
                      trainer_.parameter_.data()};
    if (first_) run_.error += double(weight) * double(trainer_.loss_->error(x));
    trainer_.loss_->backward(x, weight, sent);
    if (trainer_.loss_->fused_with) std::memcpy(delta, sent, x.vectors * VL * sizeof(float));
    else layer.activation->chain(sent, x.z, x.o, delta, x.vectors, x.n);
  }

  // δ of layer l from layer l + 1, for groups v0 … v1.
  void backward(int l, int row, int v0, int v1) {
    const Layer& layer = layers_[l];
    const float* next = (trainer_.plan_.notes_rule ? work_.sent : work_.delta)[l + 1].data;
    const int from = v0 * VL, own = own_part(l + 1) ? own_.begin : 0;
    split_back(layer_of(l + 1), next, work_.sent[l].data + own * VL, v0 - own, v1 - own);
    layer.activation->chain(work_.sent[l].data + from, work_.z[l].row(row) + from, work_.o[l].row(row) + from,
                            work_.delta[l].data + from, v1 - v0, layer.n_out);
  }

  Trainer& trainer_;
  Run& run_;
  const Epoch& epoch_;
  std::vector<Layer>& layers_;
  const int thread_, last_;
  const bool first_, in_parts_;
  const Range parts_, own_;
  Workspace own_work_;  // empty if not `in_parts_`
  Workspace& work_;
  Layer second_;
  Floats x_[2];
  RowRoom row_room_;
};

// What one thread does with an epoch's samples.
template <class Opt>
class Trainer::Samples : public SamplePass {
 public:
  using SamplePass::SamplePass;

  void train() override {
    std::int64_t i = 0;
    for (bool over = false; i < epoch_.n && !over; ++i) {
      const int row = int(i % 2);
      fetch(i, sparse());
      if (own_.begin < own_.end) forward(0, i, own_.begin, own_.end);
      if (in_parts_) weigh_parts(i);
      run_.barrier.wait();
      if (in_parts_) {
        add_parts(row);
        errors(i);
      } else if (first_) {
        for (int l = 1; l <= last_; ++l) forward(l, i, 0, layers_[l].vectors);
        errors(i);
        for (int l = last_ - 1; l > 0; --l) backward(l, row, 0, layers_[l].vectors);
      }
      run_.ask(thread_, i + 1);
      if (!in_parts_) run_.barrier.wait();
      if (last_ > 0 && own_.begin < own_.end) backward(0, row, own_.begin, own_.end);
      over = run_.over(i);
    }
    run_.barrier.wait();  // layer 1 must not change before all threads have read it for `backward`
    last_update(i - 1);
    give_back();
  }

 private:
  // For other optimisers known to the compiler, which leaves out the code for sparse rows.
  bool sparse() const { return std::is_same_v<Opt, Sgd> && run_.sparse; }

  // z of sample i from inputs k0 … k1 to groups v0 … v1, after the update by the sample before.
  void weigh(int l, std::int64_t i, int v0, int v1, int k0, int k1, const float* delta, float* z) {
    Layer& layer = layer_of(l);
    const int row = int(i % 2);
    if (i == 0)
      return product({input(l, row) + k0, 0}, 0, 1, layer.w.data() + layer.place(v0, k0), layer.stride, Every{k1 - k0},
                     k0 > 0 ? -1 : layer.n_in, {z, 0}, v0, v1);
    const StepConstants c = trainer_.constants(run_, i - 1);
    in_even_pieces<WIDE>(v0, v1, [&]<int NV>(int v, Size<NV>) {
      online_tile<Opt, NV>(layer, v, k0, k1, delta, input(l, 1 - row), input(l, row), z, c);
    });
  }
  void weigh_parts(std::int64_t i) {
    const int row = int(i % 2);
    for (int q = parts_.begin; q < parts_.end; ++q)
      if (const Range in = trainer_.inputs_of_part(q, PARTS); in.begin < in.end)
        weigh(last_, i, 0, second_.vectors, in.begin - own_unit(), in.end - own_unit(), work_.delta[last_].data, part_of(row, q));
  }

  // z and o of layer l for groups v0 … v1.
  void forward(int l, std::int64_t i, int v0, int v1) {
    Layer& layer = layers_[l];
    const int row = int(i % 2);
    float *z = work_.z[l].row(row), *o = work_.o[l].row(row);
    if (l == 0 && sparse()) {
      SparseLayer& first = trainer_.sparse_;
      const std::int64_t now = epoch_.order[i];
      if (i == 0) first.product(layer, epoch_.inputs, now, SparseLayer::sum_of(epoch_.inputs, now), z, v0, v1);
      else
        first.update_and_product(layer, epoch_.inputs, epoch_.order[i - 1], work_.delta[0].data,
                                  float(epoch_.pace.alpha[i - 1]), now, z, v0, v1);
    } else {
      weigh(l, i, v0, v1, 0, layer.n_in, work_.delta[l].data, z);
    }
    layer.activation->training(z + v0 * VL, o + v0 * VL, v1 - v0, layer.n_out);
  }

  // The update by the last sample, which no other follows.
  void last_update(std::int64_t i) {
    const StepConstants c = trainer_.constants(run_, i), cb = c.without_l2_and_decay();
    for (int l = 0; l <= last_; ++l) {
      Layer& layer = layer_of(l);
      const Range to = l == 0 ? own_ : own_part(l) || first_ ? Range{0, layer.vectors} : Range{0, 0};
      if (l == 0 && sparse()) {
        const std::int64_t row = epoch_.order[i];
        trainer_.sparse_.update(layer, epoch_.inputs, row, SparseLayer::sum_of(epoch_.inputs, row), work_.delta[0].data,
                                c.alpha, to.begin, to.end);
        continue;
      }
      float* const delta = work_.delta[l].data;
      const Update<Opt> weights(layer, c), biases(layer, cb);
      gradient({delta, 0}, {input(l, int(i % 2)), 0}, 1, to.begin, to.end, 0, layer.n_in, weights);
      if (layer.bias)
        for (int v = to.begin; v < to.end; ++v) biases(v, layer.n_in, load(delta + v * VL));
    }
  }
};

}  // namespace deltaw::DELTAW_ISA
