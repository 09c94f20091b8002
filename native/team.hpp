// A team of threads that go through the same steps and wait for each other at barriers.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>

#ifndef __wasm__  // a page's memory is one thread's
#include <new>
#include <system_error>
#include <thread>
#include <vector>
#endif

namespace deltaw::DELTAW_ISA {

// How many threads take part. A page has one, which the compiler knows: it leaves out what is done for more.
#ifdef __wasm__
struct Threads {
  constexpr Threads(int) {}
  constexpr operator int() const { return 1; }
};
constexpr bool SHARED = false;
#else
using Threads = int;
constexpr bool SHARED = true;
#endif

// Bytes between what different threads write: two cache lines, since processors prefetch a line's neighbour, too.
constexpr std::size_t APART = 128;

// Wait until `what` is no longer `old`. Steps take microseconds, so a thread first spins; then it yields, since the one that
// it waits for may be waiting for its processor; and after a millisecond it sleeps until it is woken. It does not sleep earlier
// because waking takes longer than a step: the others would then wait for it and sleep too, at every barrier.
inline void wait_while(const std::atomic<int>& what, int old) {
  constexpr int SPINS = 100;  // microseconds: a pause takes 40 to 140 cycles
  const auto changed = [&] { return what.load(std::memory_order_acquire) != old; };
  for (int spins = 0; spins < SPINS; ++spins) {
    if (changed()) return;
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
  }
#ifndef __wasm__
  constexpr std::chrono::microseconds AWAKE{1000};
  const auto end = std::chrono::steady_clock::now() + AWAKE;
  while (!changed() && std::chrono::steady_clock::now() < end) std::this_thread::yield();
#endif
  what.wait(old, std::memory_order_acquire);
}

// All threads wait here for the last one.
class Barrier {
 public:
  explicit Barrier(int threads) : threads_(threads) {}

  void wait() {
    if (threads_ == 1) return;
    const int round = round_.load(std::memory_order_acquire);
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 < threads_) return wait_while(round_, round);
    arrived_.store(0, std::memory_order_relaxed);
    round_.store(round + 1, std::memory_order_release);
    round_.notify_all();
  }

 private:
  const Threads threads_;
  alignas(APART) std::atomic<int> arrived_{0};
  alignas(APART) std::atomic<int> round_{0};
};

// When to ask whether to stop: about every 20 ms. Where steps are short, the clock is looked at after every eighth of them.
class Asking {
 public:
  // Called after every step: whether `stop` was asked and said so.
  bool stopped(const std::function<bool()>& stop) {
    if (--left_ > 0) return false;
    const Time now = std::chrono::steady_clock::now();
    left_ = now - looked_ < std::chrono::milliseconds(1) ? 8 : 1;
    looked_ = now;
    if (now - asked_ < std::chrono::milliseconds(20)) return false;
    asked_ = now;
    return stop();
  }

 private:
  using Time = std::chrono::steady_clock::time_point;
  Time asked_ = std::chrono::steady_clock::now(), looked_ = asked_;
  int left_ = 0;
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

// The calling thread, which is thread 0, and as many others as are wanted; it is alone if the system cannot give all of them.
// They wait for each `run`, so that what they need can be made for as many as there are. What they do must not throw: the
// others would wait for whoever left. So its memory is made before it runs, or by `or_nothing`.
#ifdef __wasm__
template <class Make>
auto or_nothing(Make&& make) {
  return make();
}
class Team {
 public:
  explicit Team(int) {}
  int size() const { return 1; }
  template <class Work>
  void run(Work&& work) {
    work(0);
  }
};
#else
// What make() returns; nothing where there is no memory.
template <class Make>
auto or_nothing(Make&& make) -> decltype(make()) {
  try {
    return make();
  } catch (const std::bad_alloc&) {
    return {};
  }
}

class Team {
 public:
  explicit Team(int wanted) {
    try {
      others_.reserve(wanted - 1);
      while (size() < wanted) others_.emplace_back([this, thread = size()] { serve(thread); });
    } catch (const std::system_error&) {
      dismiss();
    } catch (const std::bad_alloc&) {
      dismiss();
    }
  }
  ~Team() { dismiss(); }
  Team(const Team&) = delete;

  int size() const { return 1 + int(others_.size()); }

  // work(thread) on all threads, once.
  void run(const std::function<void(int)>& work) {
    work_ = &work;
    busy_.store(size() - 1, std::memory_order_relaxed);
    tell();
    work(0);
    for (int busy; (busy = busy_.load(std::memory_order_acquire)) > 0;) wait_while(busy_, busy);
  }

 private:
  void serve(int thread) {
    for (int round = 0;; ++round) {
      wait_while(told_, round);
      if (over_) return;
      (*work_)(thread);
      busy_.fetch_sub(1, std::memory_order_acq_rel);
      busy_.notify_one();
    }
  }
  void tell() {
    told_.fetch_add(1, std::memory_order_acq_rel);
    told_.notify_all();
  }
  void dismiss() {
    over_ = true;
    tell();
    for (std::thread& each : others_) each.join();
    others_.clear();
  }

  const std::function<void(int)>* work_ = nullptr;
  bool over_ = false;  // written before they are told
  alignas(APART) std::atomic<int> told_{0};  // how often
  alignas(APART) std::atomic<int> busy_{0};  // how many of the others work
  std::vector<std::thread> others_;
};
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
