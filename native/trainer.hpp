// A network in training: its weights, the optimiser's state, and an epoch on all threads.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "data.hpp"
#include "losses.hpp"
#include "sparse.hpp"
#include "team.hpp"
#include "workspace.hpp"

namespace deltaw::DELTAW_ISA {

struct LayerSpec {
  int n_in, n_out;
  std::string activation;
  bool bias;
};

// What stays the same during a training; the names are those of deltaw.train.
struct Plan {
  std::string loss, optimizer;
  std::vector<double> loss_parameter;  // of each output, one for all, or none
  OptimizerSettings settings;
  int batch_size = 1;
  bool notes_rule = false;
  double l2 = 0.0;
  double max_grad_norm = 0.0;  // 0: no clipping
  std::vector<double> dropout;  // a rate for each hidden layer, or empty
  std::uint64_t dropout_key = 0;
  bool watched = false;  // keep the weights from before an epoch's last step in the layers' `before`
};

// What changes from step to step, a number for each step.
struct Pace {
  const double *alpha, *decay, *dropout;
};

// A pass over `n` rows of the data in a given order, or a part of one, of whole batches: parts trained one after another give
// the same bits as the whole pass.
struct Epoch {
  Inputs inputs;
  Targets targets;
  const std::int64_t* order;
  std::int64_t n;
  std::int64_t first_step;
  Pace pace;
  bool begins = true, ends = true;  // whether this is the first part of the pass, and the last
  double error = 0.0;               // what `train` returned for the parts before this one
};

// What `look` returns for a layer.
struct LayerLook {
  std::int64_t flat = 0;  // (row, unit) pairs at which the activation is flat
  int dead = 0;           // units whose activation is flat for every row
  double gradient = 0.0, update = 0.0, weight = 0.0;  // ‖∂E/∂W‖, ‖ΔW‖ of the last step, ‖W‖ before it
};

// Rows that are processed together: a batch, or a part of one that is larger than the workspace.
struct Piece {
  std::int64_t begin;  // index into the order
  int rows;
  std::int64_t step;  // within the epoch
  std::int64_t batch_rows;
  bool first, last;  // of its batch
};

class Trainer {
 public:
  // Throws std::invalid_argument for a name that is not in a table.
  Trainer(const std::vector<LayerSpec>& specs, const Plan& plan);
  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;

  // `stop` is called every few milliseconds; if it returns true, a method ends as soon as it can. At most `threads` are used,
  // and no bit depends on their number. Memory that is missing throws std::bad_alloc, after whole steps or before the first.

  // Returns the sum of E times weight over the rows trained on, or NaN if a weight is no longer finite. If it is stopped, the
  // weights are those after the last whole batch.
  double train(const Epoch& epoch, int threads, const std::function<bool()>& stop);

  // The sum of E times weight over all rows of the order, as one batch and without a step; ∂E/∂W and ∂E/∂b of the mean are
  // left in the layers' `gradient`.
  double gradient_of(const Epoch& rows, int threads, const std::function<bool()>& stop);

  // The same, and what is in the layers; for a plan that is watched. `flat`: for each layer the |f'(z)| below which the
  // activation counts as flat, or 0 to count none.
  std::vector<LayerLook> look(const Epoch& rows, const std::vector<double>& flat, int threads,
                              const std::function<bool()>& stop);

  // Write the outputs (n, n_out) of all rows to `out`; returns the sum of E times weight if there are targets.
  double evaluate(const Inputs& inputs, const Targets* targets, float* out, int threads, const std::function<bool()>& stop);

  // Outputs of a few dense rows on the calling thread, in memory that is kept between calls.
  void outputs(const float* X, int rows, float* out);
  // The same for every layer, (rows, units) each, one layer after another.
  void all_outputs(const float* X, int rows, float* out);

  // Between the parts of a pass over sparse rows, the first layer's weights are split into V and q (`SparseLayer`).
  // `exchange` replaces them by W, and called again, restores the split; `settle` makes them W for good.
  void exchange(const Inputs& inputs);
  void settle(const Inputs& inputs);

  std::vector<Layer>& layers() { return layers_; }
  int slots() const { return slots_; }
  int batch_size() const { return plan_.batch_size; }

  static constexpr int STRIP = 64;  // rows that one thread evaluates at a time

 private:
  static constexpr int PIECE = 512;  // rows of the workspace at most, so that its activations stay in the cache;
  static constexpr int NARROW = 64;  // twice as many if no layer has more units than this
  static constexpr int WHOLE_PIECE = 64;  // rows of the workspace at least, where all rows are one batch
  static constexpr int FEWEST_BY_FIELDS = 4;  // rows of a batch; for fewer, running sums cost more than they save
  static constexpr int PARTS = 8;  // of the sums of `in_parts`; the same for any number of threads, so that the bits are, too
  static constexpr int MANY = 256;  // rows of a batch, see `in_halves`
  static constexpr int FEWEST_HALVED = 128;  // rows of a piece whose gradient is summed by halves
  static constexpr std::size_t SMALL = 65536;  // bytes of weights up to which a layer is split over threads by rows

  static int most_rows(const std::vector<LayerSpec>& specs);
  Workspace for_rows(int rows) const;

  struct Run;
  void batches(Run& run, int thread);
  class SamplePass;
  template <class Opt> class Samples;
  bool one_by_one() const;
  // Whether the second of two layers is summed in parts, each over one thread's units of the first layer.
  bool in_parts() const { return layers_.size() == 2 && !layers_[0].activation->coupled; }
  bool in_halves() const;
  bool by_own_units(const Run& run) const;
  Range groups_of_half(int half) const { return part(layers_[0].vectors, half, 2); }
  // The inputs of the second layer that are summed in part q of so many, which are whole groups of the first layer's units.
  Range inputs_of_part(int q, int parts) const {
    const Range groups = part(layers_[0].vectors, q, parts);
    return {groups.begin * VL, std::min(groups.end * VL, layers_[0].n_out)};
  }
  // The sums over one half, for the rows of a step; those of the step before stay.
  Rows half_of(std::int64_t step, int half) {
    const int ld = part_size();
    return {parts_.data() + std::size_t((2 * half + step % 2) * plan_.batch_size) * ld, ld};
  }
  void add_halves(Run& run, const Piece& piece, int thread, int r0, int r1);
  void meet(Run& run, const Piece& piece, int thread);
  // Floats from one part to the next, which another thread may write.
  int part_size() const {
    constexpr int GRAIN = APART / sizeof(float);
    return (layers_.back().vectors * VL + GRAIN - 1) / GRAIN * GRAIN;
  }
  bool sparse(const Inputs& inputs) const;
  bool by_fields(const Inputs& inputs) const;
  Piece piece_at(const Run& run, std::int64_t begin) const;
  void mark(Run& run, const Piece& piece, int thread);
  void fetch(Run& run, const Piece& piece, int thread);
  void pass(Run& run, const Piece& piece, int thread);
  void gather(Run& run, const Piece& piece, int thread);
  void add_errors(Run& run, const Piece& piece, int thread);
  void forward(Run& run, const Piece& piece, int thread);
  void output_errors(Run& run, const Piece& piece, int thread);
  void errors_across(Run& run, const Piece& piece, Workspace& work, double* row_error, int r0, int r1);
  void backward(Run& run, const Piece& piece, int thread);
  template <class Visit> void each_stretch(const Workspace& work, int l, int r0, int r1, int v0, int v1, Visit&& visit) const;
  void activate(Workspace& work, int l, int r0, int r1, int v0, int v1, const Dropout& dropout);
  void chain(Workspace& work, int l, int r0, int r1, int v0, int v1, const Dropout& dropout);
  Dropout dropout_of(const Run& run, const Piece& piece, int l, int thread) const;
  template <class Sink, class Bias>
  void gradient_of_layer(const Run& run, int thread, Range rows, int l, int share, int shares, const Sink& sink,
                         Bias&& bias);
  bool halved(const Run& run, const Piece& piece, int l, int thread) const;
  bool by_own_rows(const Run& run, const Piece& piece, int thread) const;
  template <class Visit> void each_half(const Run& run, const Piece& piece, int thread, Visit&& visit) const;
  void sum_halves(Run& run, const Piece& piece, int l, int thread);
  template <class Opt> void update(Run& run, const Piece& piece, int thread);
  template <class Opt, bool plain> void update_by(Run& run, const Piece& piece, int thread, const StepConstants& c);
  template <class Weights, class Bias>
  void by_strips(const Run& run, const Piece& piece, int l, int thread, const Weights& weights, const Bias& bias);
  void accumulate(Run& run, const Piece& piece, int thread);
  double gradient_norm(Run& run, const Piece& piece, int thread);
  template <class Opt> void update_buffered(Run& run, const Piece& piece, float scale, int thread);
  OutputRow output_row(const Workspace& work, int r) const;
  // Whether l is an output layer so narrow that a vector holds one output of several rows.
  bool across(int l) const { return l + 1 == int(layers_.size()) && layers_[l].n_out <= VL / 2; }
  StepConstants constants(const Run& run, std::int64_t step) const;
  bool own_inputs(const Run& run) const;
  Range rows_of(const Run& run, const Piece& piece, int thread) const;
  template <class Visit>
  void each_share(const Run& run, int thread, int l, int count, int n, int share, int shares, Visit&& visit) const;
  Rows input_of(const Run& run, int l, int thread) const;
  void set_apart(Run& run, const Piece& piece, int thread);

  void make_room(const Inputs& inputs, int threads);
  double stretches(const Epoch& epoch, const std::function<bool()>& stop);
  void keep(const Inputs& inputs);
  bool finite() const;
  template <class Visit> double whole(const Epoch& rows, int threads, const std::function<bool()>& stop, Visit&& visit);
  std::vector<Floats> no_running_sums(int threads) const;
  void signals(Workspace& space, const Inputs& inputs, const float* running, std::int64_t first, int rows) const;
  template <class Opt> void use();

  Plan plan_;
  const Loss* loss_;
  int slots_ = 0;
  bool buffered_;  // whether the gradient is summed in memory first: for clipping, and for batches larger than the workspace
  std::vector<Layer> layers_, apart_layers_;  // the latter also for the second thread alone
  Floats parameter_, parameter_across_;  // the loss's parameter of each output: in a lane, and in a whole vector
  Workspace work_, apart_;   // for training; for its second thread alone, see `set_apart`
  Workspace whole_, strip_;  // for `whole`, if that for training is too small; for `outputs`
  Floats parts_;  // of two steps, see `in_parts` and `in_halves`
  std::vector<double> norms_;  // of every block of the gradient, see `gradient_norm`
  SparseLayer sparse_;
  Floats exchanged_;  // see `exchange`: the weights that are not in the layer, V or W
  bool shown_ = false;  // whether the layer has W
  std::vector<Floats> running_;  // running sums of the first layer's weights, for encoded rows: one for each thread, or one for all
  ThreadChoice choice_{1};
  Asking asking_;
  // The chosen optimiser's instances of the templates above.
  void (Trainer::*update_)(Run&, const Piece&, int) = nullptr;
  void (Trainer::*update_buffered_)(Run&, const Piece&, float, int) = nullptr;
  std::unique_ptr<SamplePass> (*samples_)(Trainer&, Run&, int) = nullptr;
};

}  // namespace deltaw::DELTAW_ISA
