// The core for Python: shapes and ranges are checked here, the GIL is released, nothing is computed.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "trainer.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace deltaw::DELTAW_ISA {

template <class T, int Dimensions>
using Array = nb::ndarray<T, nb::ndim<Dimensions>, nb::c_contig, nb::device::cpu>;

void require(bool condition, const char* message) {
  if (!condition) throw std::invalid_argument(message);
}

// Inputs and targets, with the arrays that they point into.
struct HeldInputs {
  Inputs data;
  std::vector<nb::object> arrays;
  Compressed own = {};  // see compress
};
struct HeldTargets {
  Targets data;
  std::int64_t rows;
  std::vector<nb::object> arrays;
};

HeldInputs dense(Array<const float, 2> X, float multiply, float offset) {
  Inputs in{.rows = std::int64_t(X.shape(0)), .n_in = int(X.shape(1)), .floats = X.data()};
  in.multiply = multiply, in.offset = offset;
  return {.data = in, .arrays = {nb::cast(X)}};
}

HeldInputs bytes(Array<const std::uint8_t, 2> X, float multiply, float offset) {
  Inputs in{.rows = std::int64_t(X.shape(0)), .n_in = int(X.shape(1)), .bytes = X.data()};
  in.multiply = multiply, in.offset = offset;
  return {.data = in, .arrays = {nb::cast(X)}};
}

HeldInputs sparse(Array<const float, 1> values, Array<const std::int32_t, 1> columns,
                  Array<const std::int64_t, 1> starts, int n_in, float multiply, float offset) {
  const std::int64_t n = std::int64_t(starts.shape(0)) - 1, stored = std::int64_t(values.shape(0));
  require(n >= 0 && values.shape(0) == columns.shape(0), "sparse: values and columns of one length, starts of rows + 1");
  require(starts.data()[0] == 0 && starts.data()[n] == stored, "sparse: starts must run from 0 to the stored values");
  require(std::is_sorted(starts.data(), starts.data() + n + 1), "sparse: starts must not fall");
  for (std::int64_t i = 0; i < stored; ++i)
    require(columns.data()[i] >= 0 && columns.data()[i] < n_in, "sparse: a column beyond the inputs");
  Inputs in{.rows = n, .n_in = n_in};
  in.values = values.data(), in.columns = columns.data(), in.starts = starts.data();
  in.multiply = multiply, in.offset = offset;
  return {.data = in, .arrays = {nb::cast(values), nb::cast(columns), nb::cast(starts)}};
}

template <class T>
HeldInputs without_background(Array<const T, 2> X, T common, float multiply, float offset) {
  HeldInputs held;
  held.own = compress(X.data(), std::int64_t(X.shape(0)), int(X.shape(1)), common, multiply);
  held.data = {.rows = std::int64_t(X.shape(0)), .n_in = int(X.shape(1))};
  held.data.values = held.own.values.data(), held.data.columns = held.own.columns.data();
  held.data.starts = held.own.starts.data();  // moving the vectors leaves their memory where it is
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
    for (std::int64_t i = 0; i < held.rows; ++i)
      require(labels.data()[i] >= 0 && labels.data()[i] < n_out, "targets: a label beyond the outputs");
    held.data.labels = labels.data();
  } else {
    auto values = nb::cast<Array<const float, 2>>(T);
    require(int(values.shape(1)) == n_out, "targets: a column for each output");
    held.rows = std::int64_t(values.shape(0));
    held.data.floats = values.data();
  }
  held.arrays.push_back(T);
  if (!weight.is_none()) {
    auto weights = nb::cast<Array<const float, 1>>(weight);
    require(std::int64_t(weights.shape(0)) == held.rows, "targets: one weight a row");
    held.data.weight = weights.data();
    held.arrays.push_back(weight);
  }
  return held;
}

// One epoch for each row of `orders`: the sums of E and the seconds of each. Ends after one whose E is no number.
std::pair<std::vector<double>, std::vector<double>> train(
    Trainer& trainer, const HeldInputs& X, const HeldTargets& T, Array<const std::int64_t, 2> orders,
    std::int64_t first_step, Array<const double, 1> alpha, Array<const double, 1> decay,
    Array<const double, 1> dropout, std::int64_t batch_size, int threads) {
  const std::int64_t epochs = std::int64_t(orders.shape(0)), n = std::int64_t(orders.shape(1));
  const std::int64_t steps = (n + batch_size - 1) / batch_size;
  require(X.data.rows == T.rows, "train: as many targets as inputs");
  require(X.data.n_in == trainer.layers().front().n_in, "train: inputs of the network's width");
  require(T.data.n_out == trainer.layers().back().n_out, "train: targets of the network's width");
  for (const auto* numbers : {&alpha, &decay, &dropout})
    require(std::int64_t(numbers->shape(0)) == epochs * steps, "train: one pace a step");
  require(threads >= 1 && threads <= 1024, "train: 1 to 1024 threads");
  for (std::int64_t i = 0; i < epochs * n; ++i)
    require(orders.data()[i] >= 0 && orders.data()[i] < X.data.rows, "train: a row that is not there");

  bool interrupted = false;
  const auto stop = [&interrupted] {
    nb::gil_scoped_acquire python;
    interrupted = interrupted || PyErr_CheckSignals() != 0;
    return interrupted;
  };
  std::vector<double> errors, seconds;
  {
    nb::gil_scoped_release others_may_run;
    for (std::int64_t e = 0; e < epochs && !interrupted; ++e) {
      const auto started = std::chrono::steady_clock::now();
      const std::int64_t at = e * steps;
      const Epoch epoch{X.data, T.data, orders.data() + e * n, n, first_step + at,
                        {alpha.data() + at, decay.data() + at, dropout.data() + at}};
      errors.push_back(trainer.train(epoch, threads, stop));
      seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count());
      if (!std::isfinite(errors.back())) break;
    }
  }
  if (interrupted) throw nb::python_error();
  return {std::move(errors), std::move(seconds)};
}

// visit(epoch) with all rows in the order that they have, no step and nothing dropped.
template <class Visit>
auto with_all_rows(Trainer& trainer, const HeldInputs& X, const HeldTargets& T, int threads, Visit&& visit) {
  const std::int64_t n = X.data.rows;
  require(n == T.rows && n >= 1, "expected one row or more, as many targets as inputs");
  require(X.data.n_in == trainer.layers().front().n_in, "expected inputs of the network's width");
  require(T.data.n_out == trainer.layers().back().n_out, "expected targets of the network's width");
  require(threads >= 1 && threads <= 1024, "expected 1 to 1024 threads");
  nb::gil_scoped_release others_may_run;
  std::vector<std::int64_t> order(n);
  std::iota(order.begin(), order.end(), 0);
  const double none = 0.0;
  return visit(Epoch{X.data, T.data, order.data(), n, 0, {&none, &none, &none}});
}

// The sum of E over all rows; the gradient of its mean is then read as slot −2.
double gradient_of(Trainer& trainer, const HeldInputs& X, const HeldTargets& T, int threads) {
  return with_all_rows(trainer, X, T, threads, [&](const Epoch& rows) { return trainer.gradient_of(rows, threads); });
}

// Of each layer: flat signals, dead units, lengths of the gradient, of the last update and of the weights before it.
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
  require(std::int64_t(out.shape(0)) == X.data.rows && int(out.shape(1)) == trainer.layers().back().n_out,
          "evaluate: room for every output");
  require(!T || T->rows == X.data.rows, "evaluate: as many targets as inputs");
  require(threads >= 1 && threads <= 1024, "evaluate: 1 to 1024 threads");
  nb::gil_scoped_release others_may_run;
  return trainer.evaluate(X.data, T ? &T->data : nullptr, out.data(), threads);
}

// Outputs (n, n_out) of dense float32 rows, in a new array. A few rows are not worth letting go of the GIL.
nb::ndarray<nb::numpy, float, nb::ndim<2>> predict(Trainer& trainer, Array<const float, 2> X, int threads) {
  const std::size_t n = X.shape(0), n_in = X.shape(1), n_out = std::size_t(trainer.layers().back().n_out);
  require(int(n_in) == trainer.layers().front().n_in, "predict: inputs of the network's width");
  float* out = new float[std::max<std::size_t>(1, n * n_out)];
  nb::capsule owner(out, [](void* p) noexcept { delete[] static_cast<float*>(p); });
  if (n <= std::size_t(Trainer::STRIP)) {
    trainer.outputs(X.data(), int(n), out);
  } else {
    Inputs in{.rows = std::int64_t(n), .n_in = int(n_in), .floats = X.data()};
    nb::gil_scoped_release others_may_run;
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
  nb::class_<HeldInputs>(m, "Inputs")
      .def_static("dense", dense, "X"_a, "multiply"_a, "offset"_a)
      .def_static("bytes", bytes, "X"_a, "multiply"_a, "offset"_a)
      .def_static("without_background", without_background<float>, "X"_a, "common"_a, "multiply"_a, "offset"_a)
      .def_static("bytes_without_background", without_background<std::uint8_t>, "X"_a, "common"_a, "multiply"_a, "offset"_a)
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
             new (self) Trainer(specs, plan);
           })
      .def("write",
           [](Trainer& self, int l, int slot, Array<const float, 2> W, Array<const float, 1> b) {
             Floats& to = slot_of(self, l, slot);
             check_shapes(self.layers()[l], W.shape(0), W.shape(1), b.shape(0));
             self.layers()[l].pack(to, W.data(), b.data());
           })
      .def("read",
           [](Trainer& self, int l, int slot, Array<float, 2> W, Array<float, 1> b) {
             const Floats& from = slot_of(self, l, slot);
             check_shapes(self.layers()[l], W.shape(0), W.shape(1), b.shape(0));
             self.layers()[l].unpack(from, W.data(), b.data());
           })
      .def_prop_ro("slots", &Trainer::slots)
      .def("train", train)
      .def("gradient", gradient_of, "X"_a, "T"_a, "threads"_a)
      .def("look", look, "X"_a, "T"_a, "flat"_a, "threads"_a)
      .def("predict", predict, "X"_a.noconvert(), "threads"_a)
      .def("evaluate", evaluate, "X"_a, "T"_a.none(), "out"_a, "threads"_a);

#if defined(__x86_64__)
  // Asked of the baseline's module only: which of the others this processor (and its system) can run, best first.
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
