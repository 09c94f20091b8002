// Forward and backward through the layers for a piece of rows, on all threads: DESIGN's Z = A Wᵀ + b, and Δ W sent
// back. There is a barrier wherever the next phase reads what another thread wrote.
#include <algorithm>
#include <cmath>

#include "run.hpp"

namespace deltaw::DELTAW_ISA {

namespace {

constexpr int AHEAD = 8;  // rows that are prefetched at a time

// Before row r is used: at every AHEADth row, prefetch the AHEAD rows after those that were prefetched last. So many at once
// because their page walks then overlap.
template <class CallUp>
DELTAW_PREFETCHES void prefetch_rows(int r, Range rows, const CallUp& prefetch) {
  if ((r - rows.begin) % AHEAD != 0) return;
  for (int i = r == rows.begin ? r : r + AHEAD; i < std::min(r + 2 * AHEAD, rows.end); ++i) prefetch(i);
}

}  // namespace

// Mark the inputs of this thread's rows that are not zero. This also brings the rows into the cache while other threads
// may still be updating.
void Trainer::mark(Run& run, const Piece& piece, int thread) {
  const Inputs& inputs = run.epoch.inputs;
  if (run.sparse || !Columns::worth(inputs)) return;
  const auto [begin, end] = part(piece.rows, thread, run.threads, 4);
  Columns::mark(inputs, begin, end, [&](int r) { return run.epoch.order[piece.begin + r]; }, run.marks_of(piece.step)[thread]);
}

// Copy the rows into the workspace, without inputs that are zero in all of them; and draw for dropout.
void Trainer::fetch(Run& run, const Piece& piece, int thread) {
  const Inputs& inputs = run.epoch.inputs;
  Columns& columns = run.columns[thread];
  const auto [begin, end] = rows_of(run, piece, thread);
  const std::int64_t* const order = run.epoch.order + piece.begin;
  const auto prefetch = [&](int r) __attribute__((always_inline)) { inputs.prefetch(order[r]); };
  if (run.encoded) columns.take(inputs.encoding->inputs);
  else if (run.sparse || !Columns::worth(inputs)) columns.take_all();
  else columns.list(inputs, run.marks_of(piece.step), run.threads);
  set_apart(run, piece, thread);
  Workspace& work = *run.work[thread];
  work.lay(run.layers[thread], thread, by_own_units(run) ? inputs_of_part(thread, 2) : ALL);
  if (run.encoded) {
    const bool own = by_rows(layers_[0], run.threads, SMALL);
    const auto [v0, v1] = own ? Range{0, layers_[0].vectors} : part(layers_[0].vectors, thread, run.threads);
    running_sums(run.layers[thread][0], *inputs.encoding, running_[own ? thread : 0].data(), v0, v1);
    for (int r = begin; r < end; ++r) {
      prefetch_rows(r, {begin, end}, prefetch);
      work.encoded.fetch(inputs, order[r], r, work.numbers.row(r), work.own[thread].row.data());
    }
  }
  const Rows x = input_of(run, 0, thread);
  const Range copied = own_inputs(run) ? Range{0, piece.rows} : Range{begin, end};
  for (int r = copied.begin; r < copied.end && !run.sparse && !run.encoded; ++r) {
    prefetch_rows(r, copied, prefetch);
    columns.fetch(inputs, order[r], x.row(r), inputs.encoding ? &work.own[thread] : nullptr);
  }
  for (int r = begin; r < end; ++r) run.epoch.targets.prefetch(order[r]);  // for output_errors
  const std::int64_t batch_row = piece.begin - piece.step * plan_.batch_size;  // draws are numbered by the row within the batch
  for (int l = 0; l < int(layers_.size()); ++l) {
    const Dropout dropout = dropout_of(run, piece, l, thread);
    if (dropout.cut > 0)
      draw_rows(plan_.dropout_key, run.epoch.first_step + piece.step, l, batch_row + begin, end - begin, layers_[l].n_out,
                work.draws[l].data() + begin * dropout.ld);
  }
}

Dropout Trainer::dropout_of(const Run& run, const Piece& piece, int l, int thread) const {
  const auto& draws = run.work[thread]->draws[l];
  if (draws.empty()) return {};
  return {draws.data(), layers_[l].n_out, plan_.dropout[l] * run.epoch.pace.dropout[piece.step]};
}

// visit(row, vectors) for layer l, rows r0 … r1 and groups v0 … v1: in one call if the activation is elementwise,
// nothing lies between the rows, and the rows are so short that a call for each would cost time.
template <class Visit>
void Trainer::each_stretch(const Workspace& work, int l, int r0, int r1, int v0, int v1, Visit&& visit) const {
  constexpr int SHORT = 512;  // units of a row
  const Layer& layer = layers_[l];
  const bool whole = work.z[l].ld == (v1 - v0) * VL;
  if (whole && layer.n_out <= SHORT && !layer.activation->coupled) return visit(r0, (r1 - r0) * (v1 - v0));
  for (int r = r0; r < r1; ++r) visit(r, v1 - v0);
}

// o = f(z), and a, which is o after dropout, for rows r0 … r1 and groups v0 … v1.
void Trainer::activate(Workspace& work, int l, int r0, int r1, int v0, int v1, const Dropout& dropout) {
  const Layer& layer = layers_[l];
  each_stretch(work, l, r0, r1, v0, v1, [&](int r, int vectors) {
    layer.activation->training(work.z[l].row(r) + v0 * VL, work.o[l].row(r) + v0 * VL, vectors, layer.n_out);
  });
  for (int r = r0; dropout.draws && r < r1; ++r) dropout.apply(r, work.o[l].row(r), work.a[l].row(r), v0, v1);
}

// Everything before the update: fetch the marked rows, forward, E, and back to the first layer's δ. There is no barrier
// at the end if every thread's part of the update needs only its own rows.
void Trainer::pass(Run& run, const Piece& piece, int thread) {
  fetch(run, piece, thread);
  const bool own = by_own_rows(run, piece, thread) || by_own_units(run);
  const bool complete = own_inputs(run) && run.work[thread]->draws[0].empty();
  if (!own && !complete && (run.encoded || !by_rows(layers_[0], run.threads, SMALL))) run.barrier.wait();
  if (run.encoded) gather(run, piece, thread);  // used by the update, after a barrier if other threads gather too
  forward(run, piece, thread);
  output_errors(run, piece, thread);
  backward(run, piece, thread);
  if (!own) run.barrier.wait();
}

// Group the rows of encoded inputs into sets (see EncodedRows), for each half of the rows if their gradient is summed
// by halves.
void Trainer::gather(Run& run, const Piece& piece, int thread) {
  const Encoding& encoding = *run.epoch.inputs.encoding;
  const int fields = int(encoding.fields.size());
  const auto some = [&](int half, Range rows, int share, int shares) {
    const auto [f0, f1] = part(fields, share, shares);
    run.work[thread]->encoded.gather(encoding, half, rows.begin, rows.end, f0, f1);
  };
  if (halved(run, piece, 0, thread)) each_half(run, piece, thread, some);
  else some(0, {0, piece.rows}, thread, run.threads);
}

// Between the barrier after `pass` and the next one.
void Trainer::add_errors(Run& run, const Piece& piece, int thread) {
  if (thread == 0)
    for (int r = 0; r < piece.rows; ++r) run.error += work_.row_error[r];
}

void Trainer::forward(Run& run, const Piece& piece, int thread) {
  const int depth = int(layers_.size());
  const Columns& columns = run.columns[thread];
  Workspace& work = *run.work[thread];
  const int running = run.encoded && by_rows(layers_[0], run.threads, SMALL) ? thread : 0;
  for (int l = 0; l < depth; ++l) {
    Layer& layer = run.layers[thread][l];
    const Rows A = input_of(run, l, thread);
    const bool rowwise = by_rows(layer, run.threads, SMALL);
    const Dropout dropout = dropout_of(run, piece, l, thread);
    const auto rectangle = [&](int v0, int v1, int r0, int r1) {
      if (SHARED && l == 1 && run.in_halves) add_halves(run, piece, thread, r0, r1);
      else if (l == 0 && run.sparse)
        for (int r = r0; r < r1; ++r) {
          const std::int64_t row = run.epoch.order[piece.begin + r];
          if (r + 1 < r1) SparseLayer::prefetch(layer, run.epoch.inputs, run.epoch.order[piece.begin + r + 1], v0, v1);
          sparse_.product(layer, run.epoch.inputs, row, SparseLayer::sum_of(run.epoch.inputs, row), work.z[0].row(r),
                          v0, v1);
        }
      else if (work.along[l].size())
        product_along(layer, A, r0, r1, 0, vectors_for(layer.n_in), work.along_of(layer, l, thread), work.z[l]);
      else {
        const auto sum_over = [&](auto some) {
          product(A, r0, r1, layer.w.data() + layer.place(v0, 0), layer.stride, some, layer.n_in, work.z[l], v0, v1);
        };
        if (l == 0 && !columns.all()) sum_over(columns.listed());
        else sum_over(Every{layer.n_in});
        if (l == 0 && run.encoded) work.encoded.add(layer, running_[running].data(), r0, r1, work.z[0], v0, v1);
      }
      if (!across(l)) activate(work, l, r0, r1, v0, v1, dropout);
    };
    if (l == 0 && by_own_units(run)) {
      const auto [v0, v1] = groups_of_half(thread);
      rectangle(v0, v1, 0, piece.rows);
    } else if (rowwise) {
      const auto [r0, r1] = rows_of(run, piece, thread);
      if (r0 < r1) rectangle(0, layer.vectors, r0, r1);
    } else {
      share_out(layer, blocks_of(piece.rows), piece.rows, thread, run.threads, [&](int v0, int v1, int b0, int b1) {
        rectangle(v0, v1, b0 * TILE_ROWS, std::min(b1 * TILE_ROWS, piece.rows));
      });
    }
    const bool next_rowwise = l + 1 == depth || by_rows(layers_[l + 1], run.threads, SMALL);
    if (!by_own_units(run) && !(rowwise && next_rowwise)) run.barrier.wait();
  }
}

// z of the second layer for rows r0 … r1, by halves of its inputs.
void Trainer::add_halves(Run& run, const Piece& piece, int thread, int r0, int r1) {
  const bool own = by_own_units(run);
  const Layer& layer = layers_[1];
  Workspace& work = *run.work[thread];
  for (int half = own ? thread : 0; half < (own ? thread + 1 : 2); ++half) {
    const auto [v0, v1] = groups_of_half(half);
    const auto [k0, k1] = inputs_of_part(half, 2);
    const Rows sums = half_of(piece.step, half);
    if (work.along[1].size()) product_along(layer, work.a[0], r0, r1, v0, v1, work.along_of(layer, 1, thread), sums);
    else
      product(work.a[0].right(k0), r0, r1, layer.w.data() + layer.place(0, k0), layer.stride, Every{k1 - k0},
              k0 > 0 ? -1 : layer.n_in, sums, 0, layer.vectors);
  }
  if (own) meet(run, piece, thread);
  const Rows one = half_of(piece.step, 0), two = half_of(piece.step, 1);
  for (int r = r0; r < r1; ++r)
    for (int i = 0; i < layer.vectors * VL; i += VL) store(work.z[1].row(r) + i, load(one.row(r) + i) + load(two.row(r) + i));
}

OutputRow Trainer::output_row(const Workspace& work, int r) const {
  const Layer& last = layers_.back();
  return {work.z.back().row(r), work.o.back().row(r), work.t.row(r), last.vectors, last.n_out,
          parameter_.data()};
}

// E of each row, and δ = ∂E/∂z of the output layer: directly from a fused pair of loss and activation, or from ∂E/∂o.
void Trainer::output_errors(Run& run, const Piece& piece, int thread) {
  const int l = int(layers_.size()) - 1;
  const auto [r0, r1] = rows_of(run, piece, thread);
  Workspace& work = *run.work[thread];
  double* const row_error = (by_own_units(run) ? work : work_).row_error.data();
  if (across(l)) return errors_across(run, piece, work, row_error, r0, r1);
  for (int r = r0; r < r1; ++r) {
    const std::int64_t row = run.epoch.order[piece.begin + r];
    run.epoch.targets.fetch(row, work.t.row(r));
    const float weight = run.epoch.targets.weight_of(row);
    const OutputRow x = output_row(work, r);
    row_error[r] = double(weight) * double(loss_->error(x));
    loss_->backward(x, weight / float(piece.batch_rows), work.sent[l].row(r));
    if (loss_->fused_with)
      std::memcpy(work.delta[l].row(r), work.sent[l].row(r), x.vectors * VL * sizeof(float));
  }
  if (!loss_->fused_with) chain(work, l, r0, r1, 0, layers_[l].vectors, {});
}

// The same for few outputs, and o = f(z) before it: a vector holds one output of VL rows.
void Trainer::errors_across(Run& run, const Piece& piece, Workspace& work, double* row_error, int r0, int r1) {
  const int l = int(layers_.size()) - 1, n = layers_[l].n_out;
  const Activation& activation = *layers_[l].activation;
  const Targets& targets = run.epoch.targets;
  struct alignas(4 * VL) Each { float of[VL / 2 * VL] = {}; } z, o, t, sent, delta;
  alignas(4 * VL) float weight[VL] = {}, e[VL];
  const OutputRow x{z.of, o.of, t.of, n, n * VL, parameter_across_.data()};
  for (int r = r0; r < r1; r += VL) {
    const int rows = std::min(VL, r1 - r);
    const std::int64_t* const data_rows = run.epoch.order + piece.begin + r;
    targets.fetch_across(data_rows, rows, t.of);
    for (int i = 0; i < rows; ++i) {
      weight[i] = targets.weight_of(data_rows[i]);
      for (int u = 0; u < n; ++u) z.of[u * VL + i] = work.z[l].row(r + i)[u];
    }
    activation.across(z.of, o.of, n, n * VL);
    loss_->across(x, e, sent.of);
    const vf share = load(weight) / splat(float(piece.batch_rows));
    for (int u = 0; u < n; ++u) store(sent.of + u * VL, share * load(sent.of + u * VL));
    if (loss_->fused_with) delta = sent;
    else activation.chain_across(sent.of, z.of, o.of, delta.of, n, n * VL);
    for (int i = 0; i < rows; ++i) {
      row_error[r + i] = double(weight[i]) * double(e[i]);
      for (int u = 0, at = i; u < n; ++u, at += VL) {
        work.z[l].row(r + i)[u] = z.of[at], work.o[l].row(r + i)[u] = o.of[at];
        work.sent[l].row(r + i)[u] = sent.of[at], work.delta[l].row(r + i)[u] = delta.of[at];
      }
    }
  }
}

// δ = ∂E/∂z of layer l from ∂E/∂o, for rows r0 … r1 and groups v0 … v1; dropout's mask is applied first.
void Trainer::chain(Workspace& work, int l, int r0, int r1, int v0, int v1, const Dropout& dropout) {
  const int from = v0 * VL;
  for (int r = r0; dropout.draws && r < r1; ++r) dropout.apply(r, work.sent[l].row(r), work.sent[l].row(r), v0, v1);
  each_stretch(work, l, r0, r1, v0, v1, [&](int r, int vectors) {
    layers_[l].activation->chain(work.sent[l].row(r) + from, work.z[l].row(r) + from, work.o[l].row(r) + from,
                                 work.delta[l].row(r) + from, vectors, layers_[l].n_out);
  });
}

// From the output to the first hidden layer: each layer sends back Wᵀδ, or Wᵀe by the notes' rule.
void Trainer::backward(Run& run, const Piece& piece, int thread) {
  bool was_rowwise = true;  // output_errors works by rows
  Workspace& work = *run.work[thread];
  float* scratch = layers_.size() > 1 ? work.scratch[thread].data() : nullptr;
  for (int l = int(layers_.size()) - 1; l > 0; --l) {
    const Layer& layer = run.layers[thread][l];
    const Rows from = (plan_.notes_rule ? work.sent : work.delta)[l], to = work.sent[l - 1];
    const bool own = by_own_units(run), rowwise = by_rows(layer, run.threads, SMALL) || layers_[l - 1].activation->coupled;
    if (!own && !(rowwise && was_rowwise)) run.barrier.wait();
    was_rowwise = rowwise;

    const int groups = layers_[l - 1].vectors;
    const auto rows = rowwise ? rows_of(run, piece, thread) : Range{0, piece.rows};
    const auto mine = own ? groups_of_half(thread) : rowwise ? Range{0, groups} : part(groups, thread, run.threads);
    if (rows.begin >= rows.end || mine.begin >= mine.end) continue;
    if (piece.rows < 4)
      for (int r = rows.begin; r < rows.end; ++r) split_back(layer, from.row(r), to.row(r), mine.begin, mine.end);
    else
      product_back(layer, from, rows.begin, rows.end, to, mine.begin, mine.end, scratch);
    chain(work, l - 1, rows.begin, rows.end, mine.begin, mine.end, dropout_of(run, piece, l - 1, thread));
  }
}

// Add ∂E/∂W and ∂E/∂b of this piece to those of earlier pieces of the batch in memory.
void Trainer::accumulate(Run& run, const Piece& piece, int thread) {
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    Layer& layer = layers_[l];
    const Addition add{layer, layer.gradient.data(), piece.first};
    gradient_of_layer(run, thread, {0, piece.rows}, int(l), thread, run.threads, add,
                      [&](int v, vf g) { add(v, layer.n_in, g); });
    const Columns& columns = run.columns[thread];
    if (l > 0 || columns.all() || !piece.first) continue;
    const auto [v0, v1] = part(layer.vectors, thread, run.threads);
    for (int v = v0; v < v1; ++v)
      for (int k : columns.idle()) add(v, k, zero());
  }
}

// A small layer's gradient over many rows is summed by halves of the rows. Each half stays in the L1 cache, and each of two
// threads sums over rows that it computed itself, so that only sums go from one thread to the other.
bool Trainer::halved(const Run& run, const Piece& piece, int l, int thread) const {
  const bool whole = l > 0 || run.encoded || (!run.sparse && run.columns[thread].all());
  return run.steps && !run.in_halves && whole && piece.rows >= FEWEST_HALVED && layers_[l].halves[0].size();
}

// Whether each thread computes one half of the rows and everything that is summed over it.
bool Trainer::by_own_rows(const Run& run, const Piece& piece, int thread) const {
  bool all = run.threads <= 2;
  for (int l = 0; l < int(layers_.size()); ++l)
    all = all && halved(run, piece, l, thread) && by_rows(layers_[l], run.threads, SMALL);
  return all;
}

// Each of two threads that go by their own rows has a workspace of its own: in common ones, what it reads ahead beyond the
// end of its rows would be taken from the other one's cache, and asked back, at every step. It also has weights of its own,
// and makes the whole step in them: it takes longer to write what the other one has read than to compute it twice.
void Trainer::set_apart(Run& run, const Piece& piece, int thread) {
  const bool apart = thread > 0 && by_own_rows(run, piece, thread);
  run.work[thread] = apart || (thread > 0 && by_own_units(run)) ? &apart_ : &work_;
  Layer* const layers = apart ? apart_layers_.data() : layers_.data();
  if (apart && run.layers[thread] != layers)
    for (std::size_t l = 0; l < layers_.size(); ++l) layers[l].copy(layers_[l]);
  run.layers[thread] = layers;
}

// visit(half, rows, share, shares) for each half that this thread has a share of: two teams have one half each, a
// single thread has both.
template <class Visit>
void Trainer::each_half(const Run& run, const Piece& piece, int thread, Visit&& visit) const {
  const int teams = std::min<int>(2, run.threads), team = teams == 2 && thread >= run.threads / 2;
  const Range members = part(run.threads, team, teams);
  for (int half = team; half < 2; half += teams)
    visit(half, part(piece.rows, half, 2, 4), thread - members.begin, members.end - members.begin);
}

void Trainer::sum_halves(Run& run, const Piece& piece, int l, int thread) {
  Layer& layer = layers_[l];
  each_half(run, piece, thread, [&](int half, Range rows, int share, int shares) {
    const Addition add{layer, layer.halves[half].data(), true};
    gradient_of_layer(run, thread, rows, l, share, shares, add, [&](int v, vf g) { add(v, layer.n_in, g); });
  });
}

// The norm of the whole gradient, including E's L2 term. Each block is summed by one thread, then the blocks in order.
double Trainer::gradient_norm(Run& run, const Piece& piece, int thread) {
  std::size_t first = 0;
  for (Layer& layer : layers_) {
    const int blocks = blocks_of(layer.n_in);
    share_out(layer, blocks, piece.rows, thread, run.threads, [&](int v0, int v1, int b0, int b1) {
      for (int v = v0; v < v1; ++v)
        for (int b = b0; b < b1; ++b) {
          vf total = zero();
          for (int k = b * TILE_ROWS; k < std::min((b + 1) * TILE_ROWS, layer.n_in); ++k) {
            const std::size_t i = layer.place(v, k);
            const vf g = fma(splat(float(plan_.l2)), load(layer.w.data() + i), load(layer.gradient.data() + i));
            total = fma(g, g, total);
          }
          if (b == 0 && layer.bias) {
            const vf g = load(layer.gradient.data() + layer.place(v, layer.n_in));
            total = fma(g, g, total);
          }
          norms_[first + std::size_t(v) * blocks + b] = sum(total);
        }
    });
    first += std::size_t(layer.vectors) * blocks;
  }
  run.barrier.wait();
  double total = 0.0;
  for (double norm : norms_) total += norm;
  return std::sqrt(total);
}

}  // namespace deltaw::DELTAW_ISA
