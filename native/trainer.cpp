#include "trainer.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>

#include "run.hpp"
#include "samples.hpp"

namespace deltaw::DELTAW_ISA {

namespace {

const Activation* find_activation(const std::string& name) {
  for (const Activation& row : ACTIVATIONS)
    if (name == row.name) return &row;
  throw std::invalid_argument("no activation named " + name);
}

const Loss* find_loss(const std::string& name, const std::string& activation) {
  for (const Loss& row : LOSSES)
    if (name == row.name && (!row.fused_with || activation == row.fused_with)) return &row;
  throw std::invalid_argument("no loss named " + name);
}

}  // namespace

template <class Opt>
void Trainer::use() {
  slots_ = Opt::slots;
  update_ = &Trainer::update<Opt>;
  update_buffered_ = &Trainer::update_buffered<Opt>;
  samples_ = [](Trainer& trainer, Run& run, int thread) -> std::unique_ptr<SamplePass> {
    return std::make_unique<Samples<Opt>>(trainer, run, thread);
  };
}

// The most rows that are processed together.
int Trainer::most_rows(const std::vector<LayerSpec>& specs) {
  const auto narrow = [](const LayerSpec& spec) { return spec.n_out <= NARROW; };
  return std::all_of(specs.begin(), specs.end(), narrow) ? 2 * PIECE : PIECE;
}

Trainer::Trainer(const std::vector<LayerSpec>& specs, const Plan& plan)
    : plan_(plan), loss_(find_loss(plan.loss, specs.back().activation)),
      buffered_(plan.max_grad_norm > 0.0 || plan.batch_size > most_rows(specs)) {
  const struct { const char* name; void (Trainer::*use)(); } optimizers[] = {
      {"sgd", &Trainer::use<Sgd>}, {"momentum", &Trainer::use<Momentum>}, {"nesterov", &Trainer::use<Nesterov>},
      {"adam", &Trainer::use<Adam>}, {"adamw", &Trainer::use<Adam>},  // the decay is in the step's constants
      {"rmsprop", &Trainer::use<RmsProp>}, {"adagrad", &Trainer::use<Adagrad>},
  };
  for (const auto& row : optimizers)
    if (plan.optimizer == row.name) (this->*row.use)();
  if (!update_) throw std::invalid_argument("no optimizer named " + plan.optimizer);

  for (const LayerSpec& spec : specs) {
    layers_.emplace_back(spec.n_in, spec.n_out, spec.bias, find_activation(spec.activation), slots_);
    Layer& layer = layers_.back();
    if (buffered_) layer.gradient = Floats(layer.vectors * layer.stride);
    if (plan.watched) layer.before = Floats(layer.vectors * layer.stride);
    for (Floats& half : layer.halves)
      if (!buffered_ && plan.batch_size >= FEWEST_HALVED && layer.bytes() <= SMALL) half = Floats(layer.w.size());
  }
  const auto& setting = plan.loss_parameter;
  if (setting.size() > 1 && setting.size() != std::size_t(layers_.back().n_out))
    throw std::invalid_argument("a setting of the loss for each output, or one for all");
  parameter_ = Floats(layers_.back().vectors * VL);
  parameter_across_ = Floats(layers_.back().n_out * VL);
  for (int k = 0; k < layers_.back().n_out && !setting.empty(); ++k) {
    parameter_.data()[k] = float(setting[setting.size() > 1 ? k : 0]);
    std::fill_n(parameter_across_.data() + k * VL, VL, parameter_.data()[k]);
  }
  if (one_by_one() && in_parts()) parts_ = Floats(2 * PARTS * part_size());
  else if (in_halves()) parts_ = Floats(4 * plan.batch_size * part_size());
  std::size_t blocks = 0;
  for (const Layer& layer : layers_) blocks += std::size_t(layer.vectors) * blocks_of(layer.n_in);
  if (plan.max_grad_norm > 0.0) norms_.resize(blocks);
  sparse_ = SparseLayer(layers_.front());
  work_ = for_rows(std::max(2, std::min(plan.batch_size, most_rows(specs))));
}

// A workspace to train in.
Workspace Trainer::for_rows(int rows) const {
  std::vector<bool> dropped;
  for (double rate : plan_.dropout) dropped.push_back(rate > 0.0);
  return {layers_, rows, true, dropped};
}

// Not with clipping, which needs the whole gradient before the update, nor with dropout, whose masks are drawn for batches.
bool Trainer::one_by_one() const { return plan_.batch_size == 1 && !buffered_ && plan_.dropout.empty(); }

// Room for running sums: for each thread if the layer is small, since computing them costs less than a barrier.
std::vector<Floats> Trainer::no_running_sums(int threads) const {
  std::vector<Floats> made;
  for (int t = 0; t < (by_rows(layers_.front(), threads, SMALL) ? threads : 1); ++t) made.emplace_back(layers_.front().w.size());
  return made;
}

// Only plain gradient descent does not change the weights of zero inputs (except for their common shift).
bool Trainer::sparse(const Inputs& inputs) const {
  return inputs.values && plan_.optimizer == "sgd" && plan_.l2 == 0.0 && !buffered_;
}

// Whether the second of two layers is summed by halves of its inputs, see `by_own_units`. Whatever the number of threads: it
// decides the order of sums. Not where so many rows have an odd group of units that it should rather be divided.
bool Trainer::in_halves() const {
  const bool fair = plan_.batch_size < MANY || layers_[0].vectors % 2 == 0;
  return SHARED && in_parts() && plan_.batch_size > 1 && fair && !buffered_ && plan_.dropout.empty() &&
         layers_[0].bytes() > SMALL && layers_[0].vectors > 1 && layers_[1].bytes() <= SMALL;
}

bool Trainer::by_fields(const Inputs& inputs) const {
  return inputs.encoding && plan_.batch_size >= FEWEST_BY_FIELDS;
}

StepConstants Trainer::constants(const Run& run, std::int64_t step) const {
  const Pace& pace = run.epoch.pace;
  return {plan_.settings, pace.alpha[step], pace.decay[step], plan_.l2, run.epoch.first_step + step + 1};
}

Piece Trainer::piece_at(const Run& run, std::int64_t begin) const {
  const std::int64_t step = begin / plan_.batch_size, batch = step * plan_.batch_size;
  const std::int64_t batch_end = std::min<std::int64_t>(batch + plan_.batch_size, run.epoch.n);
  const std::int64_t end = std::min<std::int64_t>(begin + work_.capacity, batch_end);
  return {begin, int(end - begin), step, batch_end - batch, begin == batch, end == batch_end};
}

void Trainer::batches(Run& run, int thread) {
  Piece piece = piece_at(run, 0);
  mark(run, piece, thread);
  run.barrier.wait();
  for (;;) {
    pass(run, piece, thread);
    if (!buffered_) {
      (this->*update_)(run, piece, thread);
    } else {
      accumulate(run, piece, thread);
      if (piece.last) {
        run.barrier.wait();
        float scale = 1.0f;
        if (plan_.max_grad_norm > 0.0) {
          const double norm = gradient_norm(run, piece, thread);
          if (!(norm <= plan_.max_grad_norm)) scale = float(plan_.max_grad_norm / norm);
        }
        (this->*update_buffered_)(run, piece, scale, thread);
      }
    }
    add_errors(run, piece, thread);
    if (!by_own_units(run)) meet(run, piece, thread);
    const std::int64_t next = piece.begin + piece.rows;
    if (next >= run.epoch.n || run.over(piece.begin)) return;
    piece = piece_at(run, next);
  }
}

// Wait for the other threads. After that all know whether to stop after this piece, and which inputs of the next are zero.
void Trainer::meet(Run& run, const Piece& piece, int thread) {
  run.ask(thread, piece.begin);
  if (const std::int64_t next = piece.begin + piece.rows; next < run.epoch.n) mark(run, piece_at(run, next), thread);
  run.barrier.wait();
}

// Room for training on such rows on at most so many threads.
void Trainer::make_room(const Inputs& inputs, int threads) {
  const bool halves = std::all_of(layers_.begin(), layers_.end(), [](const Layer& layer) { return layer.halves[0].size() > 0; });
  if ((halves || in_halves()) && threads == 2 && !apart_.capacity) {
    std::vector<Layer> copies;
    for (const Layer& each : layers_)
      if (halves) copies.emplace_back(each.n_in, each.n_out, each.bias, each.activation, slots_);
    apart_ = for_rows(work_.capacity);  // last of what may find no memory
    apart_layers_ = std::move(copies);
  }
  for (Workspace* space : {&work_, &apart_}) {
    if (!space->capacity) continue;
    space->make_scratch(layers_, threads);
    if (inputs.encoding) space->make_row_rooms(*inputs.encoding, threads);
    if (by_fields(inputs)) space->make_encoded(*inputs.encoding, true);
  }
  if (by_fields(inputs)) running_ = no_running_sums(threads);
}

double Trainer::train(const Epoch& epoch, int threads, const std::function<bool()>& stop) {
  if (choice_.most() != threads) choice_ = ThreadChoice(threads);
  make_room(epoch.inputs, threads);
  if (sparse(epoch.inputs) && epoch.begins) sparse_.open(layers_.front(), epoch.inputs.offset);
  const double error = stretches(epoch, stop);
  // A loss that clamps outputs before the logarithm can be finite when the weights no longer are.
  return finite() ? error : std::numeric_limits<double>::quiet_NaN();
}

// The epoch is cut between steps into stretches of a few milliseconds, each on the number of threads that is fastest now.
double Trainer::stretches(const Epoch& epoch, const std::function<bool()>& stop) {
  struct Settled {  // if there is no memory for one of them, too
    Trainer& trainer;
    const Inputs& inputs;
    bool due = true;
    ~Settled() {
      if (due) trainer.settle(inputs);
    }
  } settled{*this, epoch.inputs};
  double error = epoch.error;
  Team alone(1);
  std::optional<Team> all;  // kept from one stretch to the next: to start and end threads takes a hundredth of one
  const std::int64_t last_step = (epoch.n - 1) / plan_.batch_size * plan_.batch_size;  // its first row
  for (std::int64_t begin = 0; begin < epoch.n;) {
    const std::int64_t step = begin / plan_.batch_size;
    const std::int64_t most = plan_.watched && begin < last_step ? last_step : epoch.n;
    const std::int64_t end = std::min(most, begin + choice_.steps() * plan_.batch_size);
    if (plan_.watched && begin == last_step) keep(epoch.inputs);
    Epoch stretch = epoch;
    stretch.order += begin, stretch.n = end - begin, stretch.first_step += step;
    stretch.pace = {epoch.pace.alpha + step, epoch.pace.decay + step, epoch.pace.dropout + step};

    const auto started = std::chrono::steady_clock::now();
    if (choice_.threads() > 1 && !all) all.emplace(choice_.threads());
    Team& team = choice_.threads() > 1 ? *all : alone;
    Run run(stretch, team.size(), sparse(epoch.inputs), by_fields(epoch.inputs), !buffered_,
            in_halves() && !by_fields(epoch.inputs), stop, asking_, work_, layers_, error);
    if (own_inputs(run)) work_.add_inputs();
    std::atomic<bool> starved{false};
    team.run([&](int thread) {
      if (!one_by_one()) return batches(run, thread);
      // Made on its own thread, whose memory lies apart from the others'.
      const std::unique_ptr<SamplePass> pass = or_nothing([&] { return samples_(*this, run, thread); });
      if (!pass) starved = true;
      run.barrier.wait();
      if (!starved) pass->train();
    });
    if (starved) throw std::bad_alloc();
    choice_.learn((end - begin + plan_.batch_size - 1) / plan_.batch_size,
                  std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count());
    error = run.error;
    begin = end;
    if (run.stopped()) break;
  }
  settled.due = epoch.ends;
  return error;
}

bool Trainer::finite() const {
  for (const Layer& layer : layers_) {
    vf total = zero();  // w − w is 0, except for infinities and NaN
    for (std::size_t i = 0; i < layer.vectors * layer.stride; i += VL) total += load(layer.w.data() + i) - load(layer.w.data() + i);
    if (sum(total) != 0.0f) return false;
  }
  return true;
}

// Copy the weights into the layers' `before`.
void Trainer::keep(const Inputs& inputs) {
  for (Layer& layer : layers_) {
    if (&layer == &layers_.front() && sparse(inputs)) sparse_.copy(layer, inputs.offset, layer.before);
    else std::memcpy(layer.before.data(), layer.w.data(), layer.vectors * layer.stride * sizeof(float));
  }
}

// z and o of all layers into the workspace, for consecutive rows.
void Trainer::signals(Workspace& space, const Inputs& inputs, const float* running, std::int64_t first, int rows) const {
  space.lay(layers_.data(), 0, ALL);
  Columns& columns = space.columns;
  columns.take_all();
  if (inputs.encoding) columns.take(inputs.encoding->inputs);
  if (Columns::worth(inputs)) {
    Columns::mark(inputs, 0, rows, [first](int r) { return first + r; }, space.marks[0]);
    columns.list(inputs, space.marks.data(), 1);
  }
  Rows X = inputs.encoding ? space.numbers : space.x;
  if (inputs.encoding)
    for (int r = 0; r < rows; ++r) space.encoded.fetch(inputs, first + r, r, X.row(r), space.own[0].row.data());
  else if (columns.all() && inputs.floats && inputs.multiply == 1.0f && inputs.offset == 0.0f)  // no copy; they are only read
    X = {const_cast<float*>(inputs.floats) + std::size_t(first) * inputs.n_in, inputs.n_in};
  else for (int r = 0; r < rows; ++r) columns.fetch(inputs, first + r, X.row(r));

  for (std::size_t l = 0; l < layers_.size(); ++l) {
    const Layer& layer = layers_[l];
    const Rows A = l ? space.o[l - 1] : X;
    const auto sum_over = [&](auto some) {
      product(A, 0, rows, layer.w.data(), layer.stride, some, layer.n_in, space.z[l], 0, layer.vectors);
    };
    if (space.along[l].size()) product_along(layer, A, 0, rows, 0, vectors_for(layer.n_in), space.along[l].data(), space.z[l]);
    else if (l == 0 && !columns.all()) sum_over(columns.listed());
    else sum_over(Every{layer.n_in});
    if (l == 0 && inputs.encoding) space.encoded.add(layer, running, 0, rows, space.z[0], 0, layer.vectors);
    for (int r = 0; r < rows; ++r)
      layer.activation->forward(space.z[l].row(r), space.o[l].row(r), layer.vectors, layer.n_out);
  }
}

void Trainer::outputs(const float* X, int rows, float* out) {
  if (!strip_.capacity) strip_ = Workspace(layers_, STRIP, false, {});
  const int n_out = layers_.back().n_out;
  signals(strip_, {.rows = rows, .n_in = layers_.front().n_in, .floats = X}, nullptr, 0, rows);
  for (int r = 0; r < rows; ++r) std::memcpy(out + std::size_t(r) * n_out, strip_.o.back().row(r), n_out * sizeof(float));
}

void Trainer::all_outputs(const float* X, int rows, float* out) {
  if (!strip_.capacity) strip_ = Workspace(layers_, STRIP, false, {});
  signals(strip_, {.rows = rows, .n_in = layers_.front().n_in, .floats = X}, nullptr, 0, rows);
  for (std::size_t l = 0; l < layers_.size(); ++l)
    for (int r = 0; r < rows; ++r, out += layers_[l].n_out)
      std::memcpy(out, strip_.o[l].row(r), layers_[l].n_out * sizeof(float));
}

void Trainer::exchange(const Inputs& inputs) {
  if (!sparse(inputs) || inputs.offset == 0.0f) return;
  Layer& layer = layers_.front();
  if (!exchanged_.size()) exchanged_ = Floats(layer.w.size());
  if (!shown_) sparse_.copy(layer, inputs.offset, exchanged_);
  std::swap(layer.w, exchanged_);
  shown_ = !shown_;
}

void Trainer::settle(const Inputs& inputs) {
  if (sparse(inputs)) sparse_.close(layers_.front(), inputs.offset);
}

double Trainer::evaluate(const Inputs& inputs, const Targets* targets, float* out, int threads, const std::function<bool()>& stop) {
  const int strips = int((inputs.rows + STRIP - 1) / STRIP), n_out = layers_.back().n_out;
  std::vector<double> errors(strips, 0.0);
  Team team(threads);
  std::vector<Workspace> spaces;
  for (int t = 0; t < team.size(); ++t) {
    spaces.emplace_back(layers_, STRIP, false, std::vector<bool>{});
    spaces.back().make_columns(inputs);
  }
  Floats running(inputs.encoding ? layers_.front().w.size() : 0);  // not running_: other threads may call this at the same time
  if (const Encoding* const encoding = inputs.encoding) {
    for (Workspace& space : spaces) space.make_row_rooms(*encoding), space.make_encoded(*encoding, false);
    running_sums(layers_.front(), *encoding, running.data(), 0, layers_.front().vectors);
  }
  Asking asking;
  std::atomic<bool> over{false};
  team.run([&](int thread) {
    Workspace& space = spaces[thread];
    const auto [begin, end] = part(strips, thread, team.size());
    for (int s = begin; s < end && !over.load(std::memory_order_relaxed); ++s) {
      if (thread == 0 && asking.stopped(stop)) over = true;
      const std::int64_t first = std::int64_t(s) * STRIP;
      const int rows = int(std::min<std::int64_t>(STRIP, inputs.rows - first));
      signals(space, inputs, running.data(), first, rows);
      for (int r = 0; r < rows; ++r) {
        std::memcpy(out + std::size_t(first + r) * n_out, space.o.back().row(r), n_out * sizeof(float));
        if (!targets) continue;
        targets->fetch(first + r, space.t.row(r));
        errors[s] += double(targets->weight_of(first + r)) *
                     double(loss_->error({space.z.back().row(r), space.o.back().row(r), space.t.row(r),
                                          layers_.back().vectors, n_out, parameter_.data()}));
      }
    }
  });
  double total = 0.0;
  for (double error : errors) total += error;
  return total;
}

}  // namespace deltaw::DELTAW_ISA
