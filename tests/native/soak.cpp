// The core without Python, for the sanitizers: every kind of pass once, on more threads than processors, and as often again
// as it allocates memory, of which one piece is refused each time. What it computes is held by the Python tests; here only
// memory, undefined behaviour and races are looked for.
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <random>

#include "../../native/trainer.hpp"

namespace {

std::atomic<bool> counting{false};
std::atomic<int> left{0};  // allocations until one is refused

void* allocate(std::size_t bytes, std::size_t grain) {
  if (counting && left-- == 0) throw std::bad_alloc();
  void* place = nullptr;
  if (posix_memalign(&place, std::max(grain, sizeof(void*)), std::max<std::size_t>(bytes, 1))) throw std::bad_alloc();
  return place;
}

}  // namespace

void* operator new(std::size_t bytes) { return allocate(bytes, alignof(std::max_align_t)); }
void* operator new(std::size_t bytes, std::align_val_t grain) { return allocate(bytes, std::size_t(grain)); }
void operator delete(void* place) noexcept { std::free(place); }
void operator delete(void* place, std::size_t) noexcept { std::free(place); }
void operator delete(void* place, std::align_val_t) noexcept { std::free(place); }
void operator delete(void* place, std::size_t, std::align_val_t) noexcept { std::free(place); }

using namespace deltaw::DELTAW_ISA;

namespace {

std::mt19937 generator(0);
std::normal_distribution<float> normal;

struct Case {
  const char *optimizer, *loss, *output;
  int batch_size;
  bool dropout, clip, sparse, notes, zeros = false;
};

void fill(Trainer& trainer) {
  for (Layer& layer : trainer.layers()) {
    std::vector<float> W(std::size_t(layer.n_in) * layer.n_out), b(layer.n_out);
    for (float& w : W) w = normal(generator) / std::sqrt(float(layer.n_in));
    layer.pack(layer.w, W.data(), b.data());
  }
}

// With the n-th allocation refused, for every n: std::bad_alloc, or fewer threads.
void starved(const std::vector<LayerSpec>& specs, const Plan& plan, Epoch epoch, int threads) {
  epoch.n = std::min<std::int64_t>(epoch.n, 140);  // a batch with halves, and the begin of another
  const auto never = [] { return false; };
  std::vector<float> out(std::size_t(epoch.inputs.rows) * specs.back().n_out);
  const std::vector<double> flat(specs.size(), 0.01);
  for (int n = 0; left < 0 || n == 0; ++n) {
    left = n, counting = true;
    try {
      Trainer trainer(specs, plan);
      trainer.train(epoch, threads, never);
      trainer.look(epoch, flat, threads, never);
      trainer.evaluate(epoch.inputs, &epoch.targets, out.data(), threads, never);
    } catch (const std::bad_alloc&) {
    }
    counting = false;
  }
  left = 0;
}

bool run(const Case& c, const std::vector<int>& sizes, int rows, int threads) {
  Plan plan;
  plan.loss = c.loss, plan.optimizer = c.optimizer, plan.settings = {.9, .9, .999, .9, 1e-8};
  plan.watched = true;
  plan.batch_size = c.batch_size, plan.notes_rule = c.notes, plan.loss_parameter = {0.5};
  if (c.clip) plan.max_grad_norm = 0.5;
  std::vector<LayerSpec> specs;
  const char* hidden[] = {"tanh", "softmax", "gelu"};
  for (std::size_t l = 0; l + 1 < sizes.size(); ++l)
    specs.push_back({sizes[l], sizes[l + 1], l + 2 == sizes.size() ? c.output : hidden[l % 3], l % 2 == 0});
  if (c.dropout) plan.dropout.assign(specs.size() - 1, 0.3);
  Trainer trainer(specs, plan);
  fill(trainer);

  const int n_in = sizes.front(), n_out = sizes.back();
  std::vector<float> X(std::size_t(rows) * n_in), T(std::size_t(rows) * n_out), out(T.size());
  for (float& x : X) x = normal(generator);
  for (std::size_t i = 0; c.zeros && i < X.size(); ++i)
    if (i % n_in % 7 || X[i] < 0.5f) X[i] = 0.0f;  // most columns, and most of the rest
  for (float& t : T) t = 0.5f + 0.1f * std::tanh(normal(generator));
  std::vector<float> values;
  std::vector<std::int32_t> columns;
  std::vector<std::int64_t> starts{0}, order;
  for (int r = 0; r < rows; ++r) {
    for (int k = 0; k < n_in; ++k)
      if (r % 5 && X[std::size_t(r) * n_in + k] > 1.0f) values.push_back(0.5f), columns.push_back(k);
    starts.push_back(std::int64_t(values.size()));
    order.push_back((r * 7LL) % rows);
  }
  std::vector<double> alpha(rows, 0.001), zeros(rows, 0.0), ones(rows, 1.0);
  Epoch epoch{};
  epoch.inputs.rows = rows, epoch.inputs.n_in = n_in, epoch.inputs.offset = c.sparse ? 0.01f : 0.0f;
  if (c.sparse) epoch.inputs.values = values.data(), epoch.inputs.columns = columns.data(), epoch.inputs.starts = starts.data();
  else epoch.inputs.floats = X.data();
  epoch.targets.n_out = n_out, epoch.targets.floats = T.data(), epoch.targets.smoothing = 0.1f;
  epoch.order = order.data(), epoch.n = rows, epoch.pace = {alpha.data(), zeros.data(), ones.data()};

  const auto never = [] { return false; };
  double error = 0.0;
  for (int e = 0; e < 2; ++e, epoch.first_step += rows) error = trainer.train(epoch, threads, never);
  int asked = 0;
  trainer.train(epoch, threads, [&asked] { return ++asked > 0; });  // stopped at the first look
  trainer.look(epoch, std::vector<double>(specs.size(), 0.01), threads, never);
  const double after = trainer.evaluate(epoch.inputs, &epoch.targets, out.data(), threads, never);
  std::printf("%-9s %-14s batch %3d%s%s%s%s: E %.4f, then %.4f\n", c.optimizer, c.loss, c.batch_size,
              c.dropout ? " dropout" : "", c.clip ? " clip" : "", c.sparse ? " sparse" : "", c.notes ? " notes" : "",
              error / rows, after / rows);
  if (threads == 2) starved(specs, plan, epoch, threads);
  return std::isfinite(error) && std::isfinite(after);
}

}  // namespace

int main() {
  const Case cases[] = {
      {"sgd", "squared", "sigmoid", 1, false, false, false, true},
      {"sgd", "squared", "sigmoid", 1, false, false, true, false},
      {"sgd", "huber", "softmax", 33, false, false, true, false},
      {"adam", "cross_entropy", "softmax", 1, false, false, false, false},
      {"adamw", "cross_entropy", "softmax", 32, true, false, false, false},
      {"momentum", "binary_cross_entropy", "sigmoid", 7, true, true, false, false},
      {"nesterov", "poisson", "exponential", 600, false, false, false, true},
      {"rmsprop", "pinball", "identity", 3, false, true, true, false},
      {"adagrad", "absolute", "mish", 64, true, false, false, false},
      {"adam", "squared", "identity", 128, true, false, false, false},
      {"adam", "squared", "tanh", 5, false, false, false, false, true},
      {"sgd", "squared", "tanh", 600, true, true, false, false, true},
  };
  bool good = true;
  for (const Case& c : cases)
    for (const auto& sizes : {std::vector<int>{300, 200, 33, 120, 3}, {1, 1}, {17, 3}, {90, 200, 17}, {9, 16, 20, 1}})
      for (const int threads : {2, 3}) good = run(c, sizes, sizes.front() > 100 ? 700 : 290, threads) && good;
  return good ? 0 : 1;
}
