// What the threads of an epoch share, and how work in two dimensions is divided among them.
#pragma once

#include <limits>

#include "trainer.hpp"

namespace deltaw::DELTAW_ISA {

struct Trainer::Run {
  const Epoch& epoch;
  const Threads threads;
  const bool sparse;    // see Trainer::sparse
  const bool encoded;   // see Trainer::by_fields
  const bool steps;     // whether every piece is followed by an update
  const bool in_halves;  // see Trainer::in_halves
  const std::function<bool()>& stop;
  Asking& asking;
  Barrier barrier;
  std::atomic<std::int64_t> last_row{std::numeric_limits<std::int64_t>::max()};
  std::vector<Columns::Marks> marks;  // each thread's of the pieces of even steps, then of odd ones
  std::vector<Columns> columns;       // each thread's copy, for this piece
  std::vector<Workspace*> work;       // each thread's, for this piece: see Trainer::set_apart
  std::vector<Layer*> layers;         // the same
  alignas(APART) double error;        // thread 0's, which may change it every few microseconds

  // `error_`: the sum so far, continued here, so that it is rounded the same however the epoch is cut.
  Run(const Epoch& epoch_, int threads_, bool sparse_, bool encoded_, bool steps_, bool in_halves_,
      const std::function<bool()>& stop_, Asking& asking_, Workspace& work_, std::vector<Layer>& layers_, double error_)
      : epoch(epoch_), threads(threads_), sparse(sparse_), encoded(encoded_), steps(steps_),
        in_halves(in_halves_), stop(stop_), asking(asking_), barrier(threads_), marks(2 * threads_), columns(threads_),
        work(threads_, &work_), layers(threads_, layers_.data()), error(error_) {
    if (sparse) return;
    for (Columns::Marks& each : marks) Columns::make_room(epoch.inputs, each);
    for (Columns& each : columns) each.make_room(epoch.inputs);
  }

  // Thread 0 asks whether to stop. All threads then stop after the rows that begin at `last`, and meet before they are there.
  void ask(int thread, std::int64_t last) {
    if (thread == 0 && !stopped() && asking.stopped(stop)) last_row.store(last, std::memory_order_relaxed);
  }
  bool stopped() const { return over(std::numeric_limits<std::int64_t>::max() - 1); }
  Columns::Marks* marks_of(std::int64_t step) { return marks.data() + step % 2 * threads; }
  bool over(std::int64_t row) const { return last_row.load(std::memory_order_relaxed) <= row; }
};

// Threads divide a layer by rows of data if it is small (each then reads all weights, and no barrier is needed) or if its
// activation needs whole rows; otherwise by units, so that each thread's share of the weights stays in its own cache.
inline bool by_rows(const Layer& layer, Threads threads, std::size_t small) {
  return threads == 1 || layer.activation->coupled || layer.bytes() <= small;
}

// Whether each of two threads copies all rows for itself: it then writes nothing that the other one reads before they meet,
// which would take longer than to copy them twice.
inline bool Trainer::own_inputs(const Run& run) const {
  return run.threads == 2 && !run.in_halves && !run.sparse && !run.encoded && !by_rows(layers_.front(), 2, SMALL);
}

inline Rows Trainer::input_of(const Run& run, int l, int thread) const {
  const Workspace& work = *run.work[thread];
  if (l > 0) return work.a[l - 1];
  if (run.encoded) return work.numbers;
  return thread == 1 && own_inputs(run) ? work.x_of_second : work.x;
}

// Whether each of two threads computes its own units of the first layer, and of the second what is summed over them. Of a
// step only these sums go from one to the other: they meet once.
inline bool Trainer::by_own_units(const Run& run) const { return run.in_halves && run.threads == 2; }

// The rows that a thread copies, and computes of a layer that is divided by rows.
inline Range Trainer::rows_of(const Run& run, const Piece& piece, int thread) const {
  return by_own_units(run) ? Range{0, piece.rows} : part(piece.rows, thread, run.threads, 4);
}

// A layer's groups of units × blocks (of rows, or of inputs), divided evenly: thread t gets the t-th part of the list of all
// blocks of group 0, then of group 1, … as up to three rectangles, visit(v0, v1, block0, block1). Every sum is computed
// by one thread, so no bit depends on the division. With few rows no group is divided: each weight of such a group would be
// written by one thread while the other one has it in its cache, and that takes longer than the products of a few rows.
template <class Visit>
void share_out(const Layer& layer, int blocks, int rows, int thread, Threads threads, Visit&& visit) {
  constexpr int FEW = 64;
  const Range mine = part(layer.vectors * blocks, thread, threads, rows < FEW && layer.vectors >= threads ? blocks : 1);
  int at = mine.begin;
  while (at < mine.end) {
    const int v = at / blocks, block = at % blocks;
    if (block == 0 && mine.end - at >= blocks) {
      const int whole = (mine.end - at) / blocks;
      visit(v, v + whole, 0, blocks);
      at += whole * blocks;
    } else {
      const int end = std::min(blocks, block + mine.end - at);
      visit(v, v + 1, block, end);
      at += end - block;
    }
  }
}

inline int blocks_of(int n) { return (n + TILE_ROWS - 1) / TILE_ROWS; }

// visit(v0, v1, k0, k1) for a share of layer l's groups of units × `count` inputs; n: rows.
template <class Visit>
void Trainer::each_share(const Run& run, int thread, int l, int count, int n, int share, int shares, Visit&& visit) const {
  const Layer& layer = layers_[l];
  if (by_own_units(run)) {
    const Range groups = l == 0 ? groups_of_half(thread) : Range{0, layer.vectors};
    const Range inputs = l == 0 ? Range{0, count} : inputs_of_part(thread, 2);
    return visit(groups.begin, groups.end, inputs.begin, inputs.end);
  }
  const int blocks = std::max(1, blocks_of(count));  // the biases are there even if no input is
  share_out(layer, blocks, n, share, shares, [&](int v0, int v1, int b0, int b1) {
    visit(v0, v1, b0 * TILE_ROWS, std::min(b1 * TILE_ROWS, count));
  });
}

// A sink (see `gradient`) that adds a layer's sums to its gradient in memory, or starts it with them.
struct Addition {
  const Layer& layer;
  float* gradient;
  bool first;

  void operator()(int v, int k, vf sum) const {
    float* at = gradient + layer.place(v, k);
    store(at, first ? sum : load(at) + sum);
  }
  template <int N>
  void operator()(int v, int k, const vf (&sums)[N]) const {
#pragma GCC unroll 8
    for (int i = 0; i < N; ++i) (*this)(v, k + i, sums[i]);
  }
  template <int N>
  void operator()(int v, const int* places, const vf (&sums)[N]) const {
#pragma GCC unroll 8
    for (int i = 0; i < N; ++i) (*this)(v, places[i], sums[i]);
  }
};

// One share of ∂E/∂W of layer l over some rows of this piece, tile by tile to sink(v, k, g), and of ∂E/∂b to bias(v, g).
template <class Sink, class Bias>
void Trainer::gradient_of_layer(const Run& run, int thread, Range rows, int l, int share, int shares, const Sink& sink,
                                Bias&& bias) {
  const Layer& layer = layers_[l];
  const Columns& columns = run.columns[thread];
  Workspace& work = *run.work[thread];
  const Rows delta = work.delta[l].from(rows.begin), A = input_of(run, l, thread).from(rows.begin);
  const int n = rows.end - rows.begin;
  if (work.along[l].size()) {
    const auto [b0, b1] = by_own_units(run) ? groups_of_half(thread) : part(vectors_for(layer.n_in), share, shares);
    gradient_along(layer, delta, A, n, b0, b1, sink);
    if (share == 0) bias_gradient(delta, n, 0, 1, bias);
    return;
  }
  const bool listed = l == 0 && !columns.all();
  const Listed inputs = columns.listed();
  const int count = listed ? inputs.count : layer.n_in;
  const auto at_places = [sink, inputs]<int N>(int v, int i, const vf(&g)[N]) { sink(v, inputs.places + i, g); };
  each_share(run, thread, l, count, n, share, shares, [&](int v0, int v1, int k0, int k1) {
    if (listed) gradient(delta, A, n, v0, v1, k0, k1, at_places);
    else gradient(delta, A, n, v0, v1, k0, k1, sink);
    if (k0 == 0) bias_gradient(delta, n, v0, v1, bias);
  });
  if (l > 0 || !run.encoded) return;
  const Encoding& encoding = *run.epoch.inputs.encoding;
  share_out(layer, int(encoding.fields.size()), n, share, shares, [&](int v0, int v1, int f0, int f1) {
    work.encoded.gradient(encoding, rows.begin > 0, rows, work.delta[0], v0, v1, f0, f1, sink);
  });
}

}  // namespace deltaw::DELTAW_ISA
