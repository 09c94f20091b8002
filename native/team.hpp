// A team of threads that go through the same steps and wait for each other at barriers.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <utility>
#include <vector>

#ifndef __wasm__  // a page's memory is one thread's
#include <thread>
#endif

namespace deltaw::DELTAW_ISA {

// How many threads take part. A page has one, which the compiler knows: it leaves out what is done for more.
#ifdef __wasm__
struct Threads {
  constexpr Threads(int) {}
  constexpr operator int() const { return 1; }
};
#else
using Threads = int;
#endif

// Bytes between what different threads write: two cache lines, since processors prefetch a line's neighbour, too.
constexpr std::size_t APART = 128;

// All threads wait here for the last one. Steps take microseconds, so a thread first spins; then it yields, since the
// last one may be waiting for its processor; and after a millisecond it sleeps until it is woken. It does not sleep
// earlier because waking takes longer than a step: the others would then wait for it and sleep too, at every barrier.
class Barrier {
 public:
  explicit Barrier(int threads) : threads_(threads) {}

  void wait() {
    if (threads_ == 1) return;
    const int round = round_.load(std::memory_order_acquire);
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == threads_) {
      arrived_.store(0, std::memory_order_relaxed);
      round_.store(round + 1, std::memory_order_release);
      round_.notify_all();
      return;
    }
    for (int spins = 0; spins < SPINS; ++spins) {
      if (round_.load(std::memory_order_acquire) != round) return;
      pause();
    }
    yield_until_next(round);
    round_.wait(round, std::memory_order_acquire);
  }

 private:
  static constexpr int SPINS = 100;  // microseconds: a pause takes 40 to 140 cycles
  static constexpr std::chrono::microseconds AWAKE{1000};

  void yield_until_next([[maybe_unused]] int round) const {
#ifndef __wasm__
    const auto end = std::chrono::steady_clock::now() + AWAKE;
    while (round_.load(std::memory_order_acquire) == round && std::chrono::steady_clock::now() < end)
      std::this_thread::yield();
#endif
  }
  static void pause() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
  }
  const Threads threads_;
  alignas(APART) std::atomic<int> arrived_{0};
  alignas(APART) std::atomic<int> round_{0};
};

// How many threads to use: all that are allowed, or one. If other programs use the processor too, threads that wait for each
// other can be far slower than one alone. No bit depends on their number, so it may change during a training: both are timed,
// the faster one is used, and the other is tried again from time to time.
class ThreadChoice {
 public:
  explicit ThreadChoice(int most) : most_(most), alone_(most == 1) {}

  int most() const { return most_; }
  int threads() const { return alone_ ? 1 : most_; }

  // Steps to make before the next `learn`: a few milliseconds of work at the known rate, or all if there is no choice. While
  // no rate is known, as many as were made so far, so that few teams are started until one is.
  std::int64_t steps() const {
    if (most_ == 1) return std::int64_t(1) << 31;
    const double rate = rate_[alone_] > 0.0 ? rate_[alone_] : rate_[!alone_];
    return rate > 0.0 ? std::max<std::int64_t>(1, std::int64_t(rate * (trying() ? 1.0 : 2.0) * JUDGED))
                      : std::max<std::int64_t>(2, steps_);
  }

  // Steps that took too little time to judge by are counted with the next ones.
  void learn(std::int64_t steps, double seconds) {
    if (most_ == 1) return;
    steps += steps_, seconds += seconds_;
    if (seconds < JUDGED) {
      steps_ = steps, seconds_ = seconds;
      return;
    }
    steps_ = 0, seconds_ = 0.0;
    rate_[alone_] = double(steps) / std::max(seconds, 1e-9);
    since_trial_ = trying() ? 0.0 : since_trial_ + seconds;
    if (trying()) trial_cost_ = seconds;
    const bool known = rate_[0] > 0.0 && rate_[1] > 0.0, quicker = rate_[1] > rate_[0];
    alone_ = !known ? !alone_ : since_trial_ > 0.2 + 20.0 * trial_cost_ ? !quicker : quicker;
  }

 private:
  bool trying() const { return rate_[!alone_] > rate_[alone_]; }

  static constexpr double JUDGED = 0.01;  // seconds: twenty times what threads need to start and to fill their caches

  int most_;
  bool alone_;                    // what is in use
  std::int64_t steps_ = 0;        // not judged yet, and
  double seconds_ = 0.0;          // what they took
  double rate_[2] = {0.0, 0.0};   // steps per second with all threads, and with one; 0: not known yet
  double since_trial_ = 0.0, trial_cost_ = 0.0;
};

#ifdef __wasm__
template <class Work>
void run_team(int, Work&& work) {
  work(0);
}
#else
// Threads that are joined however the work ends.
class Joined {
 public:
  ~Joined() {
    for (std::thread& each : all_) each.join();
  }
  template <class Work>
  void start(Work&& work) {
    all_.emplace_back(std::forward<Work>(work));
  }

 private:
  std::vector<std::thread> all_;
};

// Run work(thread) for thread = 0 … threads − 1; 0 is the calling thread. If the system cannot start all of them, none begins
// (those that did would wait at a barrier for ever), and std::system_error is thrown.
template <class Work>
void run_team(int threads, Work&& work) {
  if (threads == 1) return work(0);
  enum Start { WAIT, GO, LEAVE };
  std::atomic<int> start{WAIT};
  Joined others;
  const auto tell = [&start](Start what) {
    start.store(what, std::memory_order_release);
    start.notify_all();
  };
  try {
    for (int t = 1; t < threads; ++t)
      others.start([&work, &start, t] {
        start.wait(WAIT, std::memory_order_acquire);
        if (start.load(std::memory_order_acquire) == GO) work(t);
      });
  } catch (...) {
    tell(LEAVE);
    throw;
  }
  tell(GO);
  work(0);
}
#endif

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
