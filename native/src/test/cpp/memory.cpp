#include "memory.h"

#include <atomic>
#include <cstdlib>
#include <new>

#if defined(_WIN32)
#include <malloc.h>
#endif

namespace {

constexpr size_t kHeader = 64;
constexpr size_t kMost = size_t{1} << 46;  // more than any machine has
std::atomic<int64_t> current{0};
std::atomic<int64_t> most{0};
std::atomic<int64_t> taken{0};
std::atomic<int64_t> failing{0};

#if defined(_WIN32)
void* take(size_t bytes) { return _aligned_malloc(bytes, kHeader); }
void give_back(void* memory) { _aligned_free(memory); }
#else
void* take(size_t bytes) { return std::aligned_alloc(kHeader, bytes); }
void give_back(void* memory) { std::free(memory); }
#endif

// A block whose size is written in front of it.
void* counted(size_t bytes) noexcept {
  if (++taken == failing || bytes > kMost) return nullptr;
  size_t size = (bytes + 2 * kHeader - 1) / kHeader * kHeader;
  void* memory = take(size);
  if (memory == nullptr) return nullptr;
  *static_cast<size_t*>(memory) = size;
  int64_t now = current += static_cast<int64_t>(size);
  int64_t before = most;
  while (now > before && !most.compare_exchange_weak(before, now)) {
  }
  return static_cast<char*>(memory) + kHeader;
}

void discard(void* values) noexcept {
  if (values == nullptr) return;
  void* memory = static_cast<char*>(values) - kHeader;
  current -= static_cast<int64_t>(*static_cast<size_t*>(memory));
  give_back(memory);
}

}  // namespace

void* operator new(size_t bytes) {
  void* values = counted(bytes);
  if (values == nullptr) throw std::bad_alloc();
  return values;
}
void* operator new(size_t bytes, const std::nothrow_t&) noexcept { return counted(bytes); }
void* operator new(size_t bytes, std::align_val_t) { return operator new(bytes); }
void* operator new(size_t bytes, std::align_val_t, const std::nothrow_t&) noexcept {
  return counted(bytes);
}
void operator delete(void* values) noexcept { discard(values); }
void operator delete(void* values, size_t) noexcept { discard(values); }
void operator delete(void* values, std::align_val_t) noexcept { discard(values); }
void operator delete(void* values, size_t, std::align_val_t) noexcept { discard(values); }

// Too much memory at once is refused, which is what the tests ask for.
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() { return "allocator_may_return_null=1"; }

namespace check {

int64_t memory_in_use() { return current; }
int64_t memory_peak() { return most; }
void forget_peak() { most = current.load(); }
void fail_allocation(int64_t number) {
  taken = 0;
  failing = number;
}
int64_t allocations() { return taken; }

}  // namespace check
