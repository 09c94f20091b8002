// A team of threads that work through the same steps and meet at barriers.
#pragma once

#include <atomic>
#include <thread>
#include <vector>

namespace deltaw::DELTAW_ISA {

// All threads wait here for the last one. Steps take microseconds, so it spins; after a while it gives the
// processor away, so that a busy machine still gets on.
class Barrier {
 public:
  explicit Barrier(int threads) : threads_(threads) {}

  void wait() {
    if (threads_ == 1) return;
    const int round = round_.load(std::memory_order_acquire);
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == threads_) {
      arrived_.store(0, std::memory_order_relaxed);
      round_.store(round + 1, std::memory_order_release);
      return;
    }
    for (int spins = 0; round_.load(std::memory_order_acquire) == round; ++spins)
      if (spins > 4000) std::this_thread::yield();
      else pause();
  }

 private:
  static void pause() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
  }
  const int threads_;
  alignas(64) std::atomic<int> arrived_{0};
  alignas(64) std::atomic<int> round_{0};
};

// Run work(thread) for thread = 0 … threads − 1; 0 is the caller's own.
template <class Work>
void run_team(int threads, Work&& work) {
  std::vector<std::thread> others;
  others.reserve(threads - 1);
  for (int t = 1; t < threads; ++t) others.emplace_back([&work, t] { work(t); });
  work(0);
  for (auto& other : others) other.join();
}

// The part of 0 … n that thread `t` of `threads` takes, in multiples of `grain`.
struct Range {
  int begin, end;
};
inline Range part(int n, int t, int threads, int grain = 1) {
  const int pieces = (n + grain - 1) / grain;
  const int begin = pieces * t / threads * grain, end = pieces * (t + 1) / threads * grain;
  return {begin < n ? begin : n, end < n ? end : n};
}

}  // namespace deltaw::DELTAW_ISA
