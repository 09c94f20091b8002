// The memory of large arrays.
#pragma once

#include <cstddef>
#include <new>
#include <vector>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace deltaw::DELTAW_ISA {

// An allocator: arrays begin on a cache line of their own, and long ones are on huge pages. Whoever reads from all over a long
// array then needs few entries of the TLB, and who writes it first waits for one page where there were 512.
template <class T>
struct Pages {
  using value_type = T;

  Pages() = default;
  template <class Other>
  Pages(const Pages<Other>&) {}

  T* allocate(std::size_t n) {
    void* const place = ::operator new(n * sizeof(T), std::align_val_t(grain_of(n)));
#ifdef __linux__
    if (grain_of(n) == HUGE_PAGE)  // only a hint, also for what shares the last page
      madvise(place, (n * sizeof(T) + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE);
#endif
    return static_cast<T*>(place);
  }
  void deallocate(T* place, std::size_t n) { ::operator delete(place, std::align_val_t(grain_of(n))); }

  template <class Other>
  bool operator==(const Pages<Other>&) const { return true; }

 private:
  static constexpr std::size_t LINE = 64, HUGE_PAGE = std::size_t(1) << 21;
  static std::size_t grain_of(std::size_t n) { return n * sizeof(T) < 2 * HUGE_PAGE ? LINE : HUGE_PAGE; }
};

template <class T>
using Paged = std::vector<T, Pages<T>>;

}  // namespace deltaw::DELTAW_ISA
