// All rows as one batch, without a step: E, its gradient, and statistics of each layer.
#include <algorithm>
#include <cmath>

#include "run.hpp"

namespace deltaw::DELTAW_ISA {

namespace {

// √Σ of(place)² over the weights of a layer, without biases.
template <class Of>
double length(const Layer& layer, Of&& of) {
  double total = 0.0;
  for (int v = 0; v < layer.vectors; ++v) {
    vf squares = zero();
    for (int k = 0; k < layer.n_in; ++k) {
      const vf x = of(layer.place(v, k));
      squares = fma(x, x, squares);
    }
    for (int i = 0; i < VL; ++i) total += double(squares[i]);
  }
  return std::sqrt(total);
}

}  // namespace

template <class Visit>
double Trainer::whole(const Epoch& rows, int threads, const std::function<bool()>& stop, Visit&& visit) {
  for (Layer& layer : layers_)
    if (!layer.gradient.size()) layer.gradient = Floats(layer.vectors * layer.stride);
  // The workspace for a training on small batches is too small for this: then it has one of its own.
  const bool small = work_.capacity < std::min<std::int64_t>(rows.n, WHOLE_PIECE);
  if (small && !whole_.capacity) whole_ = Workspace(layers_, WHOLE_PIECE, true, {});
  struct Exchanged {
    Workspace &one, &other;
    Exchanged(Workspace& one_, Workspace& other_) : one(one_), other(other_) { std::swap(one, other); }
    ~Exchanged() { std::swap(one, other); }
  } meanwhile(work_, small ? whole_ : work_);
  work_.make_scratch(layers_, threads);
  const Encoding* const encoding = rows.inputs.encoding;
  if (encoding) {
    work_.make_row_rooms(*encoding, threads);
    work_.make_encoded(*encoding, true);
    running_ = no_running_sums(threads);
  }
  Team team(threads);
  Run run(rows, team.size(), false, encoding, false, false, stop, asking_, work_, layers_, 0.0);
  if (own_inputs(run)) work_.add_inputs();
  team.run([&](int thread) {
    for (std::int64_t begin = 0; begin < rows.n; begin += work_.capacity) {
      const int count = int(std::min<std::int64_t>(work_.capacity, rows.n - begin));
      const Piece piece{begin, count, 0, rows.n, begin == 0, begin + count == rows.n};
      mark(run, piece, thread);
      run.barrier.wait();
      pass(run, piece, thread);
      accumulate(run, piece, thread);
      add_errors(run, piece, thread);
      if (thread == 0) visit(piece);
      run.ask(thread, begin);
      run.barrier.wait();
      if (run.over(begin)) return;
    }
  });
  return run.error;
}

double Trainer::gradient_of(const Epoch& rows, int threads, const std::function<bool()>& stop) {
  return whole(rows, threads, stop, [](const Piece&) {});
}

std::vector<LayerLook> Trainer::look(const Epoch& rows, const std::vector<double>& flat, int threads,
                                     const std::function<bool()>& stop) {
  std::vector<LayerLook> looks(layers_.size());
  int widest = 0;
  for (const Layer& layer : layers_) widest = std::max(widest, layer.vectors * VL);
  const Floats ones = Floats::filled(widest, 1.0f);
  Floats slope(widest);
  std::vector<std::vector<std::int64_t>> counts;  // for each unit the number of rows for which it was flat
  for (const Layer& layer : layers_) counts.emplace_back(layer.n_out, 0);
  whole(rows, threads, stop, [&](const Piece& piece) {
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      const Layer& layer = layers_[l];
      if (!(flat[l] > 0.0)) continue;
      for (int r = 0; r < piece.rows; ++r) {
        layer.activation->chain(ones.data(), work_.z[l].row(r), work_.o[l].row(r), slope.data(), layer.vectors, layer.n_out);
        for (int u = 0; u < layer.n_out; ++u) counts[l][u] += !(std::abs(slope.data()[u]) >= float(flat[l]));
      }
    }
  });
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    const Layer& layer = layers_[l];
    const float *w = layer.w.data(), *before = layer.before.data(), *g = layer.gradient.data();
    LayerLook& look = looks[l];
    for (const std::int64_t count : counts[l]) look.flat += count, look.dead += count == rows.n;
    look.gradient = length(layer, [&](std::size_t i) { return fma(splat(float(plan_.l2)), load(w + i), load(g + i)); });
    look.update = length(layer, [&](std::size_t i) { return load(w + i) - load(before + i); });
    look.weight = length(layer, [&](std::size_t i) { return load(before + i); });
  }
  return looks;
}

}  // namespace deltaw::DELTAW_ISA
