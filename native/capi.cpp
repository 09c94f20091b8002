// The core for the browser: WebAssembly has only numbers and memory, so these are plain C functions, called by
// lab/src/engine/core.ts alone. A `Run` is a training in parts of any length, with the same bits as deltaw.train on the
// native engine's baseline.
#include <cstdlib>
#include <memory>
#include <string>
#include <typeinfo>
#include <vector>

#include "random.hpp"
#include "trainer.hpp"

namespace deltaw::DELTAW_ISA {
namespace {

constexpr int ALONE = 1;  // number of threads
const auto never = [] { return false; };  // whether to stop

struct Data {
  Inputs inputs;
  Targets targets;
  Compressed own;
};

// How far an epoch is.
struct Place {
  Generator random;       // its state when the epoch began
  std::int64_t done = 0;  // rows
  std::int64_t steps = 0;
  double error = 0.0;     // the sum of E over these rows
};

struct Run {
  Trainer trainer;
  const Data* data = nullptr;
  std::vector<std::int64_t> part, order;  // the rows that are trained on, and their order in this epoch
  Generator random;
  bool shuffled = true;
  Place at;
  bool parted = false;  // whether the trainer is within a pass over the rows
  std::vector<double> errors;  // mean E of each finished epoch

  Run(const std::vector<LayerSpec>& layers, const Plan& plan) : trainer(layers, plan) {}

  void draw() {
    at.random = random;
    const std::int64_t n = std::int64_t(part.size());
    order.resize(n);
    if (!shuffled) order = part;
    else {
      random.permutation(n, order.data());
      for (std::int64_t& place : order) place = part[place];
    }
  }
  void settle() {
    if (parted) trainer.settle(data->inputs);
    parted = false;
  }
};

// Makes the layers hold W while it exists, see Trainer::exchange.
class Shown {
 public:
  explicit Shown(Run& run) : run_(run) { exchange(); }
  ~Shown() { exchange(); }
  Shown(const Shown&) = delete;

 private:
  void exchange() {
    if (run_.parted) run_.trainer.exchange(run_.data->inputs);
  }
  Run& run_;
};

Floats& slot_of(Layer& layer, int slot) { return slot < 0 ? layer.w : layer.state[slot]; }

template <class Visit>
void each_array(Run& run, Visit&& visit) {
  for (Layer& layer : run.trainer.layers())
    for (int slot = -1; slot < run.trainer.slots(); ++slot) visit(slot_of(layer, slot));
}

std::vector<std::int64_t> all_of(const Data& data) {
  std::vector<std::int64_t> rows(data.inputs.rows);
  for (std::size_t r = 0; r < rows.size(); ++r) rows[r] = std::int64_t(r);
  return rows;
}

}  // namespace
}  // namespace deltaw::DELTAW_ISA

using namespace deltaw::DELTAW_ISA;

#define EXPORT(name) __attribute__((export_name(#name), visibility("default"))) name

extern "C" {

// An exception's message goes to the page. The stack is not unwound; the caller discards the objects involved.
__attribute__((import_module("page"), import_name("fail"), noreturn)) void fail(const char* words);
void* __cxa_allocate_exception(std::size_t size) { return std::malloc(size); }
[[noreturn]] void __cxa_throw(void* thrown, std::type_info*, void (*)(void*)) { fail(static_cast<std::exception*>(thrown)->what()); }

void* EXPORT(room)(std::size_t bytes) {
  void* place = std::malloc(bytes);
  if (!place) fail("no memory left");
  return place;
}
void EXPORT(release)(void* place) { std::free(place); }

// Rows in the module's memory, which must stay there. One of `labels` and `T` is null; `weight` may be. `sparse`: most inputs
// equal `common`, and the rows are compressed to the others.
Data* EXPORT(data_new)(std::int32_t rows, std::int32_t n_in, std::int32_t n_out, const float* X, const float* T, const float* weight,
                       double smoothing, std::int32_t each_output_alone, std::int32_t sparse, float common) {
  Data* made = new Data{};
  made->inputs = {.rows = rows, .n_in = n_in, .floats = X};
  if (sparse) {
    made->own = compress(X, rows, n_in, common, 1.0f);
    made->inputs = {.rows = rows, .n_in = n_in};
    made->inputs.values = made->own.values.data(), made->inputs.columns = made->own.columns.data();
    made->inputs.starts = made->own.starts.data(), made->inputs.offset = common;
  }
  made->targets = {.n_out = n_out, .floats = T, .weight = weight, .smoothing = float(smoothing)};
  made->targets.each_output_alone = each_output_alone;
  return made;
}
void EXPORT(data_free)(Data* data) { delete data; }

// `names`: loss, optimizer and each layer's activation, each zero-terminated. `sizes`: inputs and outputs of each
// layer, and whether it has biases. `numbers`: see core.ts.
Run* EXPORT(run_new)(std::int32_t layers, const char* names, const std::int32_t* sizes, const double* numbers) {
  const auto name = [&names] {
    const std::string found = names;
    names += found.size() + 1;
    return found;
  };
  Plan plan;
  plan.loss = name(), plan.optimizer = name();
  std::vector<LayerSpec> specs;
  for (int l = 0; l < layers; ++l) specs.push_back({sizes[3 * l], sizes[3 * l + 1], name(), sizes[3 * l + 2] != 0});
  const auto number = [&numbers] { return *numbers++; };
  plan.batch_size = int(number()), plan.notes_rule = number() != 0.0;
  plan.l2 = number(), plan.max_grad_norm = number();
  plan.dropout_key = std::uint64_t(number()) << 32;
  plan.dropout_key |= std::uint64_t(number());
  OptimizerSettings& settings = plan.settings;
  settings.momentum = number(), settings.beta1 = number(), settings.beta2 = number();
  settings.rho = number(), settings.epsilon = number();
  const auto list = [&number] {
    std::vector<double> all(static_cast<std::size_t>(number()));
    for (double& each : all) each = number();
    return all;
  };
  plan.dropout = list(), plan.loss_parameter = list();
  plan.watched = true;
  return new Run(specs, plan);
}
void EXPORT(run_free)(Run* run) { delete run; }

// The rows to train on, by index.
void EXPORT(run_on)(Run* run, const Data* data, const std::int32_t* part, std::int32_t count, std::int32_t shuffled) {
  run->data = data, run->part.assign(part, part + count), run->shuffled = shuffled;
}
// Continue the random numbers of the orders from this state.
void EXPORT(run_seed)(Run* run, const Generator* random) { run->random = *random; }

// Make the next steps, with α, decay and dropout factor of each; `first` steps were made before. Ends early after a
// part of an epoch in which a weight stopped being finite. Returns the number of steps made.
std::int32_t EXPORT(advance)(Run* run, std::int32_t steps, double first, const double* alpha, const double* decay, const double* dropout) {
  const std::int64_t n = std::int64_t(run->part.size()), batch = run->trainer.batch_size();
  std::int32_t made = 0;
  while (made < steps) {
    Place& at = run->at;
    if (at.done == 0) run->draw();
    const std::int64_t left = (n - at.done + batch - 1) / batch, now = std::min<std::int64_t>(left, steps - made);
    const std::int64_t rows = std::min(now * batch, n - at.done);
    Epoch part{run->data->inputs, run->data->targets, run->order.data() + at.done, rows, std::int64_t(first) + made,
               {alpha + made, decay + made, dropout + made}};
    part.begins = !run->parted, part.ends = at.done + rows == n, part.error = at.error;
    at.error = run->trainer.train(part, ALONE, never);
    run->parted = !part.ends;
    at.done += rows, at.steps += now, made += std::int32_t(now);
    const bool broken = !std::isfinite(at.error);
    if (part.ends) {
      run->errors.push_back(at.error / double(n));
      at = Place{};
    }
    if (broken) return -made;
  }
  return made;
}
std::int32_t EXPORT(steps_of_epoch)(const Run* run) { return std::int32_t(run->at.steps); }
// Before a run's weights are copied to another run, and to abandon the rest of an epoch.
void EXPORT(settle)(Run* run) { run->settle(); }
void EXPORT(end_epoch)(Run* run) {
  run->settle();
  run->at = Place{};
}
std::int32_t EXPORT(epochs_ended)(const Run* run) { return std::int32_t(run->errors.size()); }
const double* EXPORT(epoch_errors)(const Run* run) { return run->errors.data(); }
void EXPORT(forget_epochs)(Run* run) { run->errors.clear(); }

// W (n_out, n_in) and b of a layer; slot −1: the weights, 0 and 1: the optimiser's state.
std::int32_t EXPORT(slots)(const Run* run) { return run->trainer.slots(); }
void EXPORT(read)(Run* run, std::int32_t l, std::int32_t slot, float* W, float* b) {
  const Shown shown(*run);
  Layer& layer = run->trainer.layers()[l];
  layer.unpack(slot_of(layer, slot), W, b);
}
void EXPORT(write)(Run* run, std::int32_t l, std::int32_t slot, const float* W, const float* b) {
  run->settle();
  Layer& layer = run->trainer.layers()[l];
  layer.pack(slot_of(layer, slot), W, b);
}

// Everything in a run that changes: weights, optimiser state, and the position in the epoch. Between epochs, and within them
// unless rows are sparse.
std::size_t EXPORT(kept_bytes)(Run* run) {
  std::size_t bytes = sizeof(Place) + sizeof(Generator);
  each_array(*run, [&](Floats& each) { bytes += each.size() * sizeof(float); });
  return bytes;
}
void EXPORT(keep)(Run* run, char* to) {
  const auto put = [&to](const void* what, std::size_t bytes) { std::memcpy(to, what, bytes), to += bytes; };
  put(&run->at, sizeof(Place)), put(&run->random, sizeof(Generator));
  each_array(*run, [&](Floats& each) { put(each.data(), each.size() * sizeof(float)); });
}
void EXPORT(restore)(Run* run, const char* from) {
  const auto take = [&from](void* what, std::size_t bytes) { std::memcpy(what, from, bytes), from += bytes; };
  Place at;
  Generator random;
  take(&at, sizeof(Place)), take(&random, sizeof(Generator));
  each_array(*run, [&](Floats& each) { take(each.data(), each.size() * sizeof(float)); });
  if (at.done > 0) {
    run->random = at.random;
    run->draw();
  }
  run->at = at, run->random = random, run->parted = false;
}

// Mean E over the rows of `data`, and their outputs (n, n_out).
double EXPORT(evaluate)(Run* run, const Data* data, float* out) {
  const Shown shown(*run);
  return run->trainer.evaluate(data->inputs, data->targets.floats ? &data->targets : nullptr, out, ALONE, never) / double(data->inputs.rows);
}
// Outputs of every layer for dense rows, (rows, units) each, layer after layer.
void EXPORT(units)(Run* run, const float* X, std::int32_t rows, float* out) {
  const Shown shown(*run);
  run->trainer.all_outputs(X, rows, out);
}
std::int32_t EXPORT(most_units_rows)() { return Trainer::STRIP; }
// For each layer five numbers: flat activations, dead units, ‖∂E/∂W‖, ‖ΔW‖ of the last step, ‖W‖ before it.
void EXPORT(look)(Run* run, const Data* data, const double* flat, double* to) {
  const Shown shown(*run);
  const double none = 0.0;
  const std::vector<std::int64_t> order = all_of(*data);
  const Epoch rows{data->inputs, data->targets, order.data(), data->inputs.rows, 0, {&none, &none, &none}};
  const std::vector<double> below(flat, flat + run->trainer.layers().size());
  for (const LayerLook& each : run->trainer.look(rows, below, ALONE, never)) {
    const double five[] = {double(each.flat), double(each.dead), each.gradient, each.update, each.weight};
    std::memcpy(to, five, sizeof five), to += 5;
  }
}

// --- random numbers: for initial weights, splits and toy data ---
Generator* EXPORT(generator_new)(const std::uint64_t* words) {
  using Wide = Generator::Wide;
  return new Generator(Wide(words[0]) << 64 | words[1], Wide(words[2]) << 64 | words[3]);
}
void EXPORT(generator_free)(Generator* random) { delete random; }
std::uint64_t EXPORT(key)(Generator* random) { return random->bits() >> 1; }  // integers(2⁶³)
void EXPORT(permutation)(Generator* random, std::int32_t n, std::int64_t* to) { random->permutation(n, to); }
void EXPORT(uniforms)(Generator* random, std::int32_t n, double* to) {
  for (std::int32_t i = 0; i < n; ++i) to[i] = random->unit();
}
void EXPORT(normals)(Generator* random, std::int32_t n, const double* edges, double* to) {
  for (std::int32_t i = 0; i < n; ++i) to[i] = random->normal(edges);
}

}  // extern "C"
