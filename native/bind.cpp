// The core for Python: shapes and ranges are checked here, the GIL is released, nothing is computed.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <cxxabi.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <memory>
#include <numeric>
#include <thread>

#include "held.hpp"
#include "random.hpp"
#include "trainer.hpp"

using namespace nb::literals;

namespace deltaw::DELTAW_ISA {

constexpr int MOST_THREADS = 1024;  // engines/protocol.py names it too
void require_threads(int threads) { require(threads >= 1 && threads <= MOST_THREADS, "threads: 1 to 1024"); }

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

// While it exists, other Python threads run.
class WithoutGil {
 public:
  WithoutGil() : thread_(PyEval_SaveThread()) {}
  ~WithoutGil() { take(); }
  WithoutGil(const WithoutGil&) = delete;

  // Asks whether Ctrl-C ends this; Python's error is then set. Only its main thread gets Ctrl-C: others do not ask again.
  const std::function<bool()> stop = [this] {
    if (stopped_ || !asks_) return stopped_;
    take();
    try {
      stopped_ = PyErr_CheckSignals() != 0;
      asks_ = !stopped_ && is_main_thread();
    } catch (nb::python_error& error) {  // Python code runs there, which a signal may end
      error.restore();
      stopped_ = true;
    }
    thread_ = PyEval_SaveThread();
    return stopped_;
  };
  bool stopped() const { return stopped_; }

 private:
  static bool is_main_thread() {
    const nb::object main = nb::module_::import_("threading").attr("main_thread")();
    return nb::cast<unsigned long>(main.attr("ident")) == PyThread_get_thread_ident();
  }
  void take() {
    ask_for_gil([this] { PyEval_RestoreThread(thread_); });
  }

  PyThreadState* thread_;
  bool asks_ = true, stopped_ = false;
};

// What `work(WithoutGil&)` returns; or Ctrl-C is raised.
template <class Work>
auto without_gil(Work&& work) {
  bool stopped = false;
  const auto run = [&] {
    WithoutGil running;
    auto made = work(running);
    stopped = running.stopped();
    return made;
  };
  auto made = run();
  if (stopped) throw nb::python_error();
  return made;
}

// A training moves a network's arrays. While one runs, without the GIL, no other thread may begin one or read the arrays;
// outputs may be computed, since these need the weights alone, which stay where they are.
struct HeldTrainer : Trainer {
  using Trainer::Trainer;
  std::atomic<bool> busy{false};
};
class Alone {
 public:
  explicit Alone(HeldTrainer& trainer) : busy_(trainer.busy) {
    require(!busy_.exchange(true), "a network that no other thread trains at the same time");
  }
  ~Alone() { busy_ = false; }
  Alone(const Alone&) = delete;

 private:
  std::atomic<bool>& busy_;
};

// What a capsule of this name points to, by NumPy's numpy/random/bitgen.h.
struct BitGenerator {
  static constexpr const char* NAME = "BitGenerator";
  void* state;
  std::uint64_t (*next_uint64)(void*);
  std::uint32_t (*next_uint32)(void*);
  double (*next_double)(void*);
  std::uint64_t (*next_raw)(void*);
};

// Put each row of `orders` in random order, as NumPy's Generator.permuted does. The caller holds the generator's lock.
void permute(nb::capsule generator, Array<std::int64_t, 2> orders) {
  require(generator.name() && std::strcmp(generator.name(), BitGenerator::NAME) == 0, "permute: a generator of NumPy's");
  const auto& bits = *static_cast<const BitGenerator*>(generator.data());
  const std::int64_t rows = std::int64_t(orders.shape(0)), n = std::int64_t(orders.shape(1));
  require(n <= std::int64_t(1) << 32, "permute: at most 2^32 numbers");
  std::int64_t* const first = numbers(orders);
  without_gil([&](const WithoutGil&) {
    for (std::int64_t r = 0; r < rows; ++r) shuffle(n, first + r * n, [&] { return bits.next_uint32(bits.state); });
    return 0;
  });
}

// One epoch for each row of `orders`: the sum of E and the seconds of each. Ends after an epoch whose E is NaN.
std::pair<std::vector<double>, std::vector<double>> train(
    HeldTrainer& trainer, const HeldInputs& X, const HeldTargets& T, Array<const std::int64_t, 2> orders,
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
  require(first_step >= 0 && first_step <= std::numeric_limits<std::int64_t>::max() - epochs * steps, "train: steps from 0 on");
  const Alone alone(trainer);
  const std::vector<std::int64_t> order(numbers(orders), numbers(orders) + epochs * n);
  std::uint64_t last = 0;  // looked at afterwards, so that the loop is vectorised; negative ones are beyond all others
  for (const std::int64_t row : order) last = std::max(last, std::uint64_t(row));
  require(last < std::uint64_t(X.data.rows), "train: a row that is not there");

  std::vector<double> errors, seconds;
  errors.reserve(epochs), seconds.reserve(epochs);
  without_gil([&](const WithoutGil& running) {
    for (std::int64_t e = 0; e < epochs && !running.stopped(); ++e) {
      const auto started = std::chrono::steady_clock::now();
      const std::int64_t at = e * steps;
      const Epoch epoch{X.data, T.data, order.data() + e * n, n, first_step + at,
                        {numbers(alpha) + at, numbers(decay) + at, numbers(dropout) + at}};
      errors.push_back(trainer.train(epoch, threads, running.stop));
      seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count());
      if (!std::isfinite(errors.back())) break;
    }
    return 0;
  });
  return {std::move(errors), std::move(seconds)};
}

// visit(epoch, stop) with all rows in their order, for what makes no step.
template <class Visit>
auto with_all_rows(HeldTrainer& trainer, const HeldInputs& X, const HeldTargets& T, int threads, Visit&& visit) {
  const std::int64_t n = X.data.rows;
  require(n == T.rows && n >= 1, "expected one row or more, as many targets as inputs");
  require(X.data.n_in == trainer.layers().front().n_in, "expected inputs of the network's width");
  require(T.data.n_out == trainer.layers().back().n_out, "expected targets of the network's width");
  require_threads(threads);
  const Alone alone(trainer);
  std::vector<std::int64_t> order(n);
  std::iota(order.begin(), order.end(), 0);
  const double none = 0.0;
  const Epoch all{X.data, T.data, order.data(), n, 0, {&none, &none, &none}};
  return without_gil([&](const WithoutGil& running) { return visit(all, running.stop); });
}

// The sum of E over all rows; the gradient of the mean can then be read as slot −2.
double gradient_of(HeldTrainer& trainer, const HeldInputs& X, const HeldTargets& T, int threads) {
  return with_all_rows(trainer, X, T, threads,
                       [&](const Epoch& rows, const auto& stop) { return trainer.gradient_of(rows, threads, stop); });
}

// For each layer: flat activations, dead units, norms of the gradient, of the last update and of the weights before it.
std::vector<std::tuple<std::int64_t, int, double, double, double>> look(
    HeldTrainer& trainer, const HeldInputs& X, const HeldTargets& T, const std::vector<double>& flat, int threads) {
  require(flat.size() == trainer.layers().size(), "look: one slope a layer");
  require(trainer.layers().front().before.size() > 0, "look: a plan that is watched");
  const std::vector<LayerLook> looks = with_all_rows(
      trainer, X, T, threads, [&](const Epoch& all, const auto& stop) { return trainer.look(all, flat, threads, stop); });
  std::vector<std::tuple<std::int64_t, int, double, double, double>> rows;
  for (const LayerLook& each : looks) rows.emplace_back(each.flat, each.dead, each.gradient, each.update, each.weight);
  return rows;
}

double evaluate(HeldTrainer& trainer, const HeldInputs& X, const HeldTargets* T, Array<float, 2> out, int threads) {
  require(X.data.n_in == trainer.layers().front().n_in, "evaluate: inputs of the network's width");
  require(std::int64_t(out.shape(0)) == X.data.rows && columns_of(out) == trainer.layers().back().n_out,
          "evaluate: room for every output");
  require(!T || T->rows == X.data.rows, "evaluate: as many targets as inputs");
  require_threads(threads);
  float* const to = numbers(out);
  return without_gil([&](const WithoutGil& running) {
    return trainer.evaluate(X.data, T ? &T->data : nullptr, to, threads, running.stop);
  });
}

// Outputs (n, n_out) of dense float32 rows, in a new array. The GIL is not released for a few rows.
nb::ndarray<nb::numpy, float, nb::ndim<2>> predict(HeldTrainer& trainer, Array<const float, 2> X, int threads) {
  const std::size_t n = X.shape(0), n_in = X.shape(1), n_out = std::size_t(trainer.layers().back().n_out);
  require(columns_of(X) == trainer.layers().front().n_in, "predict: inputs of the network's width");
  require_threads(threads);
  const float* rows = numbers(X);
  std::unique_ptr<float[]> out(new float[std::max<std::size_t>(1, n * n_out)]);
  if (n <= std::size_t(Trainer::STRIP)) {
    trainer.outputs(rows, int(n), out.get());
  } else {
    const Inputs in{.rows = std::int64_t(n), .n_in = int(n_in), .floats = rows};
    without_gil([&](const WithoutGil& running) { return trainer.evaluate(in, nullptr, out.get(), threads, running.stop); });
  }
  const nb::capsule owner(out.get(), [](void* p) noexcept { delete[] static_cast<float*>(p); });
  return {out.release(), {n, n_out}, owner};
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
  m.def("targets", labels, "T"_a.noconvert(), "weight"_a.none(), "n_out"_a, "smoothing"_a, "each_output_alone"_a);
  m.def("targets", values, "T"_a, "weight"_a.none(), "n_out"_a, "smoothing"_a, "each_output_alone"_a);
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
  nb::class_<HeldTrainer>(m, "Trainer")
      .def("__init__",
           [](HeldTrainer* self, const std::vector<std::tuple<int, int, std::string, bool>>& layers, const Plan& plan) {
             std::vector<LayerSpec> specs;
             for (const auto& [n_in, n_out, activation, bias] : layers) {
               constexpr int MOST = 1 << 30;  // the sizes of arrays fit into 64 bits
               require(std::min(n_in, n_out) >= 1 && std::max(n_in, n_out) <= MOST, "layers of 1 to 2^30 units");
               require(specs.empty() || n_in == specs.back().n_out, "layers that take what the one before puts out");
               specs.push_back({n_in, n_out, activation, bias});
             }
             require(!specs.empty() && plan.batch_size >= 1, "one layer and one row a batch, or more");
             require(plan.dropout.size() < specs.size(), "dropout: at most one rate for each hidden layer");
             new (self) HeldTrainer(specs, plan);
           })
      .def("write",
           [](HeldTrainer& self, int l, int slot, Array<const float, 2> W, Array<const float, 1> b) {
             const Alone alone(self);
             Floats& to = slot_of(self, l, slot);
             check_shapes(self.layers()[l], W.shape(0), W.shape(1), b.shape(0));
             self.layers()[l].pack(to, numbers(W), numbers(b));
           })
      .def("read",
           [](HeldTrainer& self, int l, int slot, Array<float, 2> W, Array<float, 1> b) {
             const Alone alone(self);
             const Floats& from = slot_of(self, l, slot);
             check_shapes(self.layers()[l], W.shape(0), W.shape(1), b.shape(0));
             self.layers()[l].unpack(from, numbers(W), numbers(b));
           },
           "l"_a, "slot"_a, "W"_a.noconvert(), "b"_a.noconvert())
      .def_prop_ro("slots", &Trainer::slots)
      .def("train", train)
      .def("gradient", gradient_of, "X"_a, "T"_a, "threads"_a)
      .def("look", look, "X"_a, "T"_a, "flat"_a, "threads"_a)
      .def("predict", predict, "X"_a.noconvert(), "threads"_a)
      .def("evaluate", evaluate, "X"_a, "T"_a.none(), "out"_a.noconvert(), "threads"_a);

  m.def("permute", permute, "generator"_a, "orders"_a.noconvert());

  // Asked of the baseline's module: which of the others this processor and its system can run, best first.
  m.def("instruction_sets", [] {
    // nanobind asks for the GIL in a way that waits for ever in other interpreters than the first.
    if (PyInterpreterState_GetID(PyInterpreterState_Get()) != 0) throw nb::import_error("it works in Python's main interpreter only");
    std::vector<std::string> sets;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl"))
      sets.emplace_back("avx512");
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) sets.emplace_back("avx2");
#endif
    sets.emplace_back("baseline");
    return sets;
  });
}

}  // namespace deltaw::DELTAW_ISA
