// The core for Python: shapes and ranges are checked here, the GIL is released, nothing is computed.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <cxxabi.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <thread>

#include "trainer.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace deltaw::DELTAW_ISA {

template <class T, int Dimensions>
using Array = nb::ndarray<T, nb::ndim<Dimensions>, nb::c_contig, nb::device::cpu>;

void require(bool condition, const char* message) {
  if (!condition) throw std::invalid_argument(message);
}

constexpr int MOST_THREADS = 1024;  // engines/native.py names it too
void require_threads(int threads) { require(threads >= 1 && threads <= MOST_THREADS, "threads: 1 to 1024"); }

// A compiler may assume that every float is aligned.
auto numbers(const auto& array) {
  const auto first = array.data();
  require(reinterpret_cast<std::uintptr_t>(first) % sizeof(*first) == 0, "an array at a multiple of its numbers' size");
  return first;
}
int columns_of(const auto& array) {
  require(array.shape(1) <= std::size_t(std::numeric_limits<int>::max()), "fewer than 2^31 columns");
  return int(array.shape(1));
}

// Python up to 3.13 ends a thread that requests the GIL while the interpreter shuts down by unwinding its stack, and noexcept
// frames of C++ then abort the program. Such a thread sleeps here until the program has ended, which is what Python does from
// 3.14 on.
template <class Ask>
void ask_for_gil(Ask&& ask) {
#if defined(__GLIBCXX__)
  try {
    ask();
  } catch (abi::__forced_unwind&) {
    for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
  }
#else
  ask();
#endif
}

class WithoutGil {
 public:
  WithoutGil() : thread_(PyEval_SaveThread()) {}
  ~WithoutGil() {
    ask_for_gil([this] { PyEval_RestoreThread(thread_); });
  }
  WithoutGil(const WithoutGil&) = delete;

 private:
  PyThreadState* thread_;
};

// Whether this thread gets Ctrl-C: only Python's main thread does. Others find out without the GIL.
bool is_main_thread() {
  const nb::object main = nb::module_::import_("threading").attr("main_thread")();
  return nb::cast<unsigned long>(main.attr("ident")) == PyThread_get_thread_ident();
}

// Inputs and targets, with the arrays that they point into. Indices (columns, labels, row starts) are copied before they are
// checked, because another thread may write to the caller's arrays. For values that can only give wrong numbers.
struct HeldInputs {
  Inputs data;
  std::vector<nb::object> arrays;
  Compressed own = {};
  std::unique_ptr<Encoding> encoding = {};
};
struct HeldTargets {
  Targets data;
  std::int64_t rows;
  std::vector<nb::object> arrays;
  std::vector<std::int32_t> labels;
};

HeldInputs dense(Array<const float, 2> X, float multiply, float offset) {
  Inputs in{.rows = std::int64_t(X.shape(0)), .n_in = columns_of(X), .floats = numbers(X)};
  in.multiply = multiply, in.offset = offset;
  return {.data = in, .arrays = {nb::cast(X)}};
}

HeldInputs bytes(Array<const std::uint8_t, 2> X, float multiply, float offset) {
  Inputs in{.rows = std::int64_t(X.shape(0)), .n_in = columns_of(X), .bytes = numbers(X)};
  in.multiply = multiply, in.offset = offset;
  return {.data = in, .arrays = {nb::cast(X)}};
}

HeldInputs sparse(Array<const float, 1> values, Array<const std::int32_t, 1> columns,
                  Array<const std::int64_t, 1> starts, int n_in, float multiply, float offset) {
  const std::int64_t n = std::int64_t(starts.shape(0)) - 1, stored = std::int64_t(values.shape(0));
  require(n >= 0 && values.shape(0) == columns.shape(0), "sparse: values and columns of one length, starts of rows + 1");
  HeldInputs held{.data = {.rows = n, .n_in = n_in}, .arrays = {nb::cast(values)}};
  Compressed& own = held.own;
  own.columns.assign(numbers(columns), numbers(columns) + stored);
  own.starts.assign(numbers(starts), numbers(starts) + n + 1);
  require(own.starts.front() == 0 && own.starts.back() == stored, "sparse: starts must run from 0 to the stored values");
  require(std::is_sorted(own.starts.begin(), own.starts.end()), "sparse: starts must not fall");
  for (const std::int32_t k : own.columns) require(k >= 0 && k < n_in, "sparse: a column beyond the inputs");
  for (std::int64_t r = 0; r < n; ++r)
    for (std::int64_t i = own.starts[r] + 1; i < own.starts[r + 1]; ++i)
      require(own.columns[i - 1] < own.columns[i], "sparse: columns of a row must ascend");
  held.data.values = numbers(values), held.data.columns = own.columns.data(), held.data.starts = own.starts.data();
  held.data.multiply = multiply, held.data.offset = offset;
  return held;  // moving the vectors leaves their memory where it is
}

// How a raw number is scaled, see `Scale`: fill, centre, width, shift, bend, edges, indicator.
using Scaling = std::tuple<double, double, double, double, bool, std::vector<double>, std::vector<double>>;

// `fields`: of each stored number how many inputs it stands for, as what, and what a slot gets that is taken;
// `scalings`: of those that are scaled, one after the other.
HeldInputs encoded(Array<const float, 2> stored, const std::vector<std::tuple<int, std::string, float>>& fields,
                   const std::vector<Scaling>& scalings) {
  HeldInputs held{.data = {.rows = std::int64_t(stored.shape(0))}, .arrays = {nb::cast(stored)}};
  held.encoding = std::make_unique<Encoding>();
  Encoding& e = *held.encoding;
  require(columns_of(stored) >= 1 && stored.shape(1) == fields.size(), "encoded: a field for each stored number");
  constexpr int MOST = 1 << 24;  // up to which float32 holds every integer
  auto scaling = scalings.begin();
  for (const auto& [count, kind, taken] : fields) {
    require(count >= 1 && count <= MOST && e.n_in <= std::numeric_limits<int>::max() - MOST, "encoded: 1 to 2^24 inputs a field");
    if (kind == "number") {
      require(count == 1, "encoded: one input a number");
      e.number();
    } else if (kind == "scaled") {
      require(scaling != scalings.end(), "encoded: a scale for each number that is scaled");
      const auto& [fill, centre, width, shift, bend, edges, indicator] = *scaling++;
      require(indicator.empty() || indicator.size() == 2, "encoded: an indicator of missing values has two values");
      require(std::size_t(count) == std::max<std::size_t>(edges.size(), 1) + indicator.size() / 2,
              "encoded: an input, one for each bin, and one for gaps");
      require(width > 0.0 && std::is_sorted(edges.begin(), edges.end()), "encoded: a width above 0, ascending edges");
      e.raw({fill, centre, width, shift, bend, edges, indicator}, int(fields.size()));
    } else {
      require(kind == "bins" || kind == "slots", "encoded: numbers, bins, slots or what is scaled");
      e.field(count, kind == "bins", taken);
    }
  }
  e.finish();
  held.data.n_in = e.n_in, held.data.stored = numbers(stored), held.data.encoding = &e;
  return held;  // moving the pointer leaves what it points to where it is
}

template <class T>
HeldInputs without_background(Array<const T, 2> X, T common, float multiply, float offset) {
  HeldInputs held;
  held.own = compress(numbers(X), std::int64_t(X.shape(0)), columns_of(X), common, multiply);
  held.data = {.rows = std::int64_t(X.shape(0)), .n_in = columns_of(X)};
  held.data.values = held.own.values.data(), held.data.columns = held.own.columns.data();
  held.data.starts = held.own.starts.data();
  held.data.offset = multiply * float(common) + offset;
  return held;
}

HeldTargets held_targets(nb::object T, nb::object weight, int n_out, double smoothing, bool each_output_alone) {
  HeldTargets held{};
  held.data.n_out = n_out;
  held.data.smoothing = float(smoothing);
  held.data.each_output_alone = each_output_alone;
  Array<const std::int32_t, 1> labels;
  if (nb::try_cast(T, labels, false)) {
    held.rows = std::int64_t(labels.shape(0));
    held.labels.assign(numbers(labels), numbers(labels) + held.rows);
    for (const std::int32_t label : held.labels) require(label >= 0 && label < n_out, "targets: a label beyond the outputs");
    held.data.labels = held.labels.data();
  } else {
    auto values = nb::cast<Array<const float, 2>>(T);
    require(columns_of(values) == n_out, "targets: a column for each output");
    held.rows = std::int64_t(values.shape(0));
    held.data.floats = numbers(values);
    held.arrays.push_back(T);
  }
  if (!weight.is_none()) {
    auto weights = nb::cast<Array<const float, 1>>(weight);
    require(std::int64_t(weights.shape(0)) == held.rows, "targets: one weight a row");
    held.data.weight = numbers(weights);
    held.arrays.push_back(weight);
  }
  return held;
}

// One epoch for each row of `orders`: the sum of E and the seconds of each. Ends after an epoch whose E is NaN.
std::pair<std::vector<double>, std::vector<double>> train(
    Trainer& trainer, const HeldInputs& X, const HeldTargets& T, Array<const std::int64_t, 2> orders,
    std::int64_t first_step, Array<const double, 1> alpha, Array<const double, 1> decay,
    Array<const double, 1> dropout, int threads) {
  const std::int64_t epochs = std::int64_t(orders.shape(0)), n = std::int64_t(orders.shape(1));
  const std::int64_t batch_size = trainer.batch_size();
  const std::int64_t steps = (n + batch_size - 1) / batch_size;
  require(X.data.rows == T.rows, "train: as many targets as inputs");
  require(X.data.n_in == trainer.layers().front().n_in, "train: inputs of the network's width");
  require(T.data.n_out == trainer.layers().back().n_out, "train: targets of the network's width");
  for (const auto* each : {&alpha, &decay, &dropout})
    require(std::int64_t(each->shape(0)) == epochs * steps, "train: one pace a step");
  require_threads(threads);
  const std::vector<std::int64_t> order(numbers(orders), numbers(orders) + epochs * n);
  for (const std::int64_t row : order) require(row >= 0 && row < X.data.rows, "train: a row that is not there");

  const bool interruptible = is_main_thread();
  bool interrupted = false;
  std::vector<double> errors, seconds;
  {
    PyThreadState* const thread = PyThreadState_Get();
    WithoutGil others_may_run;
    const auto stop = [&interrupted, interruptible, thread] {
      if (!interruptible || interrupted) return interrupted;
      ask_for_gil([thread] { PyEval_RestoreThread(thread); });
      interrupted = PyErr_CheckSignals() != 0;
      PyEval_SaveThread();
      return interrupted;
    };
    for (std::int64_t e = 0; e < epochs && !interrupted; ++e) {
      const auto started = std::chrono::steady_clock::now();
      const std::int64_t at = e * steps;
      const Epoch epoch{X.data, T.data, order.data() + e * n, n, first_step + at,
                        {numbers(alpha) + at, numbers(decay) + at, numbers(dropout) + at}};
      errors.push_back(trainer.train(epoch, threads, stop));
      seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count());
      if (!std::isfinite(errors.back())) break;
    }
  }
  if (interrupted) throw nb::python_error();
  return {std::move(errors), std::move(seconds)};
}

// visit(epoch) with all rows in their order, for what makes no step.
template <class Visit>
auto with_all_rows(Trainer& trainer, const HeldInputs& X, const HeldTargets& T, int threads, Visit&& visit) {
  const std::int64_t n = X.data.rows;
  require(n == T.rows && n >= 1, "expected one row or more, as many targets as inputs");
  require(X.data.n_in == trainer.layers().front().n_in, "expected inputs of the network's width");
  require(T.data.n_out == trainer.layers().back().n_out, "expected targets of the network's width");
  require_threads(threads);
  WithoutGil others_may_run;
  std::vector<std::int64_t> order(n);
  std::iota(order.begin(), order.end(), 0);
  const double none = 0.0;
  return visit(Epoch{X.data, T.data, order.data(), n, 0, {&none, &none, &none}});
}

// The sum of E over all rows; the gradient of the mean can then be read as slot −2.
double gradient_of(Trainer& trainer, const HeldInputs& X, const HeldTargets& T, int threads) {
  return with_all_rows(trainer, X, T, threads, [&](const Epoch& rows) { return trainer.gradient_of(rows, threads); });
}

// For each layer: flat activations, dead units, norms of the gradient, of the last update and of the weights before it.
std::vector<std::tuple<std::int64_t, int, double, double, double>> look(
    Trainer& trainer, const HeldInputs& X, const HeldTargets& T, const std::vector<double>& flat, int threads) {
  require(flat.size() == trainer.layers().size(), "look: one slope a layer");
  require(trainer.layers().front().before.size() > 0, "look: a plan that is watched");
  std::vector<std::tuple<std::int64_t, int, double, double, double>> rows;
  with_all_rows(trainer, X, T, threads, [&](const Epoch& all) {
    for (const LayerLook& each : trainer.look(all, flat, threads))
      rows.emplace_back(each.flat, each.dead, each.gradient, each.update, each.weight);
    return 0;
  });
  return rows;
}

double evaluate(Trainer& trainer, const HeldInputs& X, const HeldTargets* T, Array<float, 2> out, int threads) {
  require(X.data.n_in == trainer.layers().front().n_in, "evaluate: inputs of the network's width");
  require(std::int64_t(out.shape(0)) == X.data.rows && columns_of(out) == trainer.layers().back().n_out,
          "evaluate: room for every output");
  require(!T || T->rows == X.data.rows, "evaluate: as many targets as inputs");
  require_threads(threads);
  WithoutGil others_may_run;
  return trainer.evaluate(X.data, T ? &T->data : nullptr, numbers(out), threads);
}

// Outputs (n, n_out) of dense float32 rows, in a new array. The GIL is not released for a few rows.
nb::ndarray<nb::numpy, float, nb::ndim<2>> predict(Trainer& trainer, Array<const float, 2> X, int threads) {
  const std::size_t n = X.shape(0), n_in = X.shape(1), n_out = std::size_t(trainer.layers().back().n_out);
  require(columns_of(X) == trainer.layers().front().n_in, "predict: inputs of the network's width");
  require_threads(threads);
  const float* rows = numbers(X);
  float* out = new float[std::max<std::size_t>(1, n * n_out)];
  nb::capsule owner(out, [](void* p) noexcept { delete[] static_cast<float*>(p); });
  if (n <= std::size_t(Trainer::STRIP)) {
    trainer.outputs(rows, int(n), out);
  } else {
    Inputs in{.rows = std::int64_t(n), .n_in = int(n_in), .floats = rows};
    WithoutGil others_may_run;
    trainer.evaluate(in, nullptr, out, threads);
  }
  return {out, {n, n_out}, owner};
}

// slot −1 is the weights and biases, −2 the gradient that `gradient` left, 0 and 1 the optimiser's state.
Floats& slot_of(Trainer& trainer, int l, int slot) {
  require(l >= 0 && l < int(trainer.layers().size()), "no such layer");
  Layer& layer = trainer.layers()[l];
  Floats* const slots[] = {&layer.gradient, &layer.w, &layer.state[0], &layer.state[1]};
  require(slot >= -2 && slot < trainer.slots() && slots[slot + 2]->size() > 0, "no such slot");
  return *slots[slot + 2];
}
void check_shapes(const Layer& layer, std::size_t rows, std::size_t columns, std::size_t b) {
  require(rows == std::size_t(layer.n_out) && columns == std::size_t(layer.n_in) && b == rows, "W (n_out, n_in), b (n_out,)");
}

NB_MODULE(DELTAW_MODULE, m) {
  nb::set_leak_warnings(false);  // a daemon thread may hold some of these until the program ends
  nb::class_<HeldInputs>(m, "Inputs")
      .def_static("dense", dense, "X"_a, "multiply"_a, "offset"_a)
      .def_static("bytes", bytes, "X"_a, "multiply"_a, "offset"_a)
      .def_static("without_background", without_background<float>, "X"_a, "common"_a, "multiply"_a, "offset"_a)
      .def_static("bytes_without_background", without_background<std::uint8_t>, "X"_a, "common"_a, "multiply"_a, "offset"_a)
      .def_static("encoded", encoded, "stored"_a, "fields"_a, "scalings"_a)
      .def_static("sparse", sparse, "values"_a, "columns"_a, "starts"_a, "n_in"_a, "multiply"_a, "offset"_a);
  m.def("targets", held_targets, "T"_a, "weight"_a.none(), "n_out"_a, "smoothing"_a, "each_output_alone"_a);
  nb::class_<HeldTargets>(m, "Targets");
  nb::class_<OptimizerSettings>(m, "OptimizerSettings")
      .def(nb::init<>())
      .def_rw("momentum", &OptimizerSettings::momentum)
      .def_rw("beta1", &OptimizerSettings::beta1)
      .def_rw("beta2", &OptimizerSettings::beta2)
      .def_rw("rho", &OptimizerSettings::rho)
      .def_rw("epsilon", &OptimizerSettings::epsilon);
  nb::class_<Plan>(m, "Plan")
      .def(nb::init<>())
      .def_rw("loss", &Plan::loss)
      .def_rw("optimizer", &Plan::optimizer)
      .def_rw("loss_parameter", &Plan::loss_parameter)
      .def_rw("settings", &Plan::settings)
      .def_rw("batch_size", &Plan::batch_size)
      .def_rw("notes_rule", &Plan::notes_rule)
      .def_rw("l2", &Plan::l2)
      .def_rw("max_grad_norm", &Plan::max_grad_norm)
      .def_rw("dropout", &Plan::dropout)
      .def_rw("dropout_key", &Plan::dropout_key)
      .def_rw("watched", &Plan::watched);
  nb::class_<Trainer>(m, "Trainer")
      .def("__init__",
           [](Trainer* self, const std::vector<std::tuple<int, int, std::string, bool>>& layers, const Plan& plan) {
             std::vector<LayerSpec> specs;
             for (const auto& [n_in, n_out, activation, bias] : layers) {
               require(n_in >= 1 && n_out >= 1, "layers of one unit or more");
               specs.push_back({n_in, n_out, activation, bias});
             }
             require(!specs.empty() && plan.batch_size >= 1, "one layer and one row a batch, or more");
             require(plan.dropout.size() < specs.size(), "dropout: at most one rate for each hidden layer");
             new (self) Trainer(specs, plan);
           })
      .def("write",
           [](Trainer& self, int l, int slot, Array<const float, 2> W, Array<const float, 1> b) {
             Floats& to = slot_of(self, l, slot);
             check_shapes(self.layers()[l], W.shape(0), W.shape(1), b.shape(0));
             self.layers()[l].pack(to, numbers(W), numbers(b));
           })
      .def("read",
           [](Trainer& self, int l, int slot, Array<float, 2> W, Array<float, 1> b) {
             const Floats& from = slot_of(self, l, slot);
             check_shapes(self.layers()[l], W.shape(0), W.shape(1), b.shape(0));
             self.layers()[l].unpack(from, numbers(W), numbers(b));
           })
      .def_prop_ro("slots", &Trainer::slots)
      .def("train", train)
      .def("gradient", gradient_of, "X"_a, "T"_a, "threads"_a)
      .def("look", look, "X"_a, "T"_a, "flat"_a, "threads"_a)
      .def("predict", predict, "X"_a.noconvert(), "threads"_a)
      .def("evaluate", evaluate, "X"_a, "T"_a.none(), "out"_a, "threads"_a);

#if defined(__x86_64__)
  // In the baseline's module only: which of the others this processor and its system can run, best first.
  m.def("instruction_sets", [] {
    std::vector<std::string> sets;
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl"))
      sets.emplace_back("avx512");
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) sets.emplace_back("avx2");
    sets.emplace_back("baseline");
    return sets;
  });
#else
  m.def("instruction_sets", [] { return std::vector<std::string>{"baseline"}; });
#endif
}

}  // namespace deltaw::DELTAW_ISA
