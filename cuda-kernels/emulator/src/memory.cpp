#include "memory.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <list>
#include <map>
#include <string>

#include "device.h"
#include "report.h"
#include "stream.h"

namespace emulator {
namespace {

// AddressSanitizer has guards of its own, and keeps freed memory.
#ifdef __SANITIZE_ADDRESS__
constexpr size_t guard_bytes = 0;
constexpr size_t most_quarantined = 0;
#else
constexpr size_t guard_bytes = 256;
constexpr size_t most_quarantined = 32 << 20;
#endif
constexpr unsigned char guard_value = 0xc5;

uint32_t poison = 0xffffffffu;

void fill(void* memory, size_t bytes, uint32_t word) {
  auto* at = static_cast<unsigned char*>(memory);
  for (; bytes >= sizeof word; bytes -= sizeof word, at += sizeof word)
    std::memcpy(at, &word, sizeof word);
  std::memcpy(at, &word, bytes);
}

struct Pool {
  size_t idle = 0;  // bytes that it keeps for the next allocation
  int64_t taken = 0;
  bool destroyed = false;
};

class Allocation {
 public:
  Allocation(size_t bytes, Place place, Pool* pool) : bytes_(bytes), place_(place), pool_(pool) {
    void* memory = nullptr;
    if (posix_memalign(&memory, 256, bytes + 2 * guard_bytes) != 0) throw std::bad_alloc();
    memory_.reset(static_cast<unsigned char*>(memory));
    std::memset(memory_.get(), guard_value, guard_bytes);
    std::memset(memory_.get() + guard_bytes + bytes, guard_value, guard_bytes);
    fill(address(), bytes, poison);
    if (place == Place::device) shadow_.start(bytes);
  }

  unsigned char* address() const { return memory_.get() + guard_bytes; }
  size_t bytes() const { return bytes_; }
  Place place() const { return place_; }
  Pool* pool() const { return pool_; }
  bool freed() const { return freed_; }

  Shadow& shadow() { return shadow_; }

  void poison_again() {
    fill(address(), bytes_, poison);
    shadow_.mark(0, bytes_, false);
  }
  void free() {
    freed_ = true;
    freed_word_ = poison;
    fill(address(), bytes_, poison);
  }
  void check(const std::string& who) {
    const auto intact = [](unsigned char value) { return value == guard_value; };
    const unsigned char* end = address() + bytes_;
    const bool good = std::all_of(memory_.get(), memory_.get() + guard_bytes, intact) &&
                      std::all_of(end, end + guard_bytes, intact);
    if (!good) report(who + " wrote beside an allocation of " + std::to_string(bytes_) + " bytes");
    std::memset(memory_.get(), guard_value, guard_bytes);
    std::memset(memory_.get() + guard_bytes + bytes_, guard_value, guard_bytes);
    if (!freed_) return;
    for (size_t at = 0; at + sizeof freed_word_ <= bytes_; at += sizeof freed_word_) {
      if (std::memcmp(address() + at, &freed_word_, sizeof freed_word_) == 0) continue;
      report(who + " wrote to " + std::to_string(bytes_) + " bytes after they were freed");
      return;
    }
  }

 private:
  struct Release {
    void operator()(unsigned char* memory) const { std::free(memory); }
  };
  size_t bytes_;
  Place place_;
  Pool* pool_;
  std::unique_ptr<unsigned char[], Release> memory_;
  Shadow shadow_;
  bool freed_ = false;
  uint32_t freed_word_ = 0;
};

std::map<uintptr_t, Allocation> allocations;
std::deque<Allocation> quarantine;
size_t quarantined = 0;
size_t used = 0;

uintptr_t number(const void* address) { return reinterpret_cast<uintptr_t>(address); }

std::list<Pool> pools;

std::list<Pool>::iterator find_pool(const void* pool) {
  return std::find_if(pools.begin(), pools.end(),
                      [&](const Pool& one) { return &one == pool && !one.destroyed; });
}

// A pool that is destroyed gives its memory back when nothing is taken from it any more.
void drain(std::list<Pool>::iterator pool) {
  if (!pool->destroyed || pool->taken > 0) return;
  used -= pool->idle;
  pools.erase(pool);
}

cudaError_t allocate(void** address, size_t bytes, Place place, Pool* pool = nullptr) {
  *address = nullptr;
  if (bytes == 0) return cudaSuccess;
  const size_t kept = pool == nullptr ? 0 : std::min(pool->idle, bytes);
  if (place == Place::device) {
    const auto total = static_cast<size_t>(device().properties.memory);
    if (bytes - kept > total - std::min(used, total)) return cudaErrorMemoryAllocation;
  }
  Allocation allocation(bytes, place, pool);
  *address = allocation.address();
  if (place == Place::device) used += bytes - kept;
  if (pool != nullptr) {
    pool->idle -= kept;
    pool->taken++;
  }
  allocations.emplace(number(*address), std::move(allocation));
  return cudaSuccess;
}

void release(std::map<uintptr_t, Allocation>::iterator found) {
  Allocation& allocation = found->second;
  allocation.check("something");
  if (Pool* pool = allocation.pool()) {
    pool->idle += allocation.bytes();
    pool->taken--;
    drain(std::find_if(pools.begin(), pools.end(), [&](const Pool& one) { return &one == pool; }));
  } else if (allocation.place() == Place::device) {
    used -= allocation.bytes();
  }
  allocation.free();
  quarantined += allocation.bytes();
  quarantine.push_back(std::move(allocation));
  allocations.erase(found);
  while (quarantined > most_quarantined) {
    quarantine.front().check("something");
    quarantined -= quarantine.front().bytes();
    quarantine.pop_front();
  }
}

// The live allocation that starts at `address`.
std::map<uintptr_t, Allocation>::iterator find(const void* address, Place place) {
  const auto found = allocations.find(number(address));
  return found != allocations.end() && found->second.place() == place ? found : allocations.end();
}

bool fits(Place place, bool on_device) {
  return on_device ? place == Place::device : place == Place::pinned || place == Place::pageable;
}

cudaError_t allocate_async(void** address, size_t bytes, Pool* pool, void* stream) {
  if (capturing()) return cudaErrorStreamCaptureUnsupported;
  const cudaError_t error = allocate(address, bytes, Place::device, pool);
  if (error != cudaSuccess || bytes == 0) return error;
  // What gets there before the stream does is lost.
  return enqueue(stream, [at = *address] {
    const auto found = find(at, Place::device);
    if (found != allocations.end()) found->second.poison_again();
  });
}

}  // namespace

Place place(const void* address, size_t bytes) {
  const uintptr_t first = number(address);
  auto after = allocations.upper_bound(first);
  if (after != allocations.end() && after->first < first + bytes) return Place::broken;
  if (after == allocations.begin()) return Place::pageable;
  const auto& [start, allocation] = *std::prev(after);
  if (first >= start + allocation.bytes()) return Place::pageable;
  return first + bytes <= start + allocation.bytes() ? allocation.place() : Place::broken;
}

Region device_region(const void* address) {
  const auto after = allocations.upper_bound(number(address));
  if (after == allocations.begin()) return {};
  Allocation& allocation = std::prev(after)->second;
  const bool inside = number(address) < std::prev(after)->first + allocation.bytes();
  if (!inside || allocation.place() != Place::device) return {};
  return {allocation.address(), allocation.bytes(), &allocation.shadow()};
}

uint32_t poison_word() { return poison; }

std::unique_ptr<unsigned char[]> allocate_shared(size_t bytes) {
  std::unique_ptr<unsigned char[]> memory(new unsigned char[bytes]);
  fill(memory.get(), bytes, poison);
  return memory;
}

void check_guards(const std::string& who) {
  for (auto& [start, allocation] : allocations) allocation.check(who);
}

void check_freed() {
  for (Allocation& allocation : quarantine) allocation.check("something");
}

int64_t live_memory() {
  const auto open =
      std::count_if(pools.begin(), pools.end(), [](const Pool& pool) { return !pool.destroyed; });
  return static_cast<int64_t>(allocations.size()) + open;
}

void forget_memory() {
  allocations.clear();
  quarantine.clear();
  pools.clear();
  quarantined = used = 0;
}

}  // namespace emulator

using namespace emulator;

extern "C" {

void ote_poison(uint32_t word) { poison = word; }

int ote_memory_info(size_t* available, size_t* total) {
  return guarded([&] {
    *total = static_cast<size_t>(device().properties.memory);
    *available = *total - std::min(used, *total);
    return cudaSuccess;
  });
}

int ote_malloc(void** address, size_t bytes) {
  return guarded([&] {
    return capturing() ? cudaErrorStreamCaptureUnsupported
                       : allocate(address, bytes, Place::device);
  });
}

int ote_host_alloc(void** address, size_t bytes) {
  return guarded([&] {
    return capturing() ? cudaErrorStreamCaptureUnsupported
                       : allocate(address, bytes, Place::pinned);
  });
}

int ote_free(void* address) {
  return guarded([&] {
    if (address == nullptr) return cudaSuccess;
    if (capturing()) return cudaErrorStreamCaptureUnsupported;
    if (find(address, Place::device) == allocations.end()) return cudaErrorInvalidValue;
    run_all();
    release(find(address, Place::device));
    return cudaSuccess;
  });
}

int ote_host_free(void* address) {
  return guarded([&] {
    if (address == nullptr) return cudaSuccess;
    const auto found = find(address, Place::pinned);
    if (found == allocations.end()) return cudaErrorInvalidValue;
    release(found);
    return cudaSuccess;
  });
}

int ote_malloc_async(void** address, size_t bytes, void* stream) {
  return guarded([&] { return allocate_async(address, bytes, nullptr, stream); });
}

int ote_pool_create(void** pool) {
  return guarded([&] {
    *pool = &pools.emplace_back();
    return cudaSuccess;
  });
}

int ote_pool_destroy(void* pool) {
  return guarded([&] {
    const auto found = find_pool(pool);
    if (found == pools.end()) return cudaErrorInvalidValue;
    found->destroyed = true;
    drain(found);
    return cudaSuccess;
  });
}

int ote_malloc_from_pool_async(void** address, size_t bytes, void* pool, void* stream) {
  return guarded([&] {
    const auto found = find_pool(pool);
    if (found == pools.end()) return cudaErrorInvalidValue;
    return allocate_async(address, bytes, &*found, stream);
  });
}

int ote_free_async(void* address, void* stream) {
  return guarded([&] {
    if (address == nullptr) return cudaSuccess;
    if (capturing()) return cudaErrorStreamCaptureUnsupported;
    if (find(address, Place::device) == allocations.end()) return cudaErrorInvalidValue;
    return enqueue(stream, [address] {
      const auto found = find(address, Place::device);
      if (found == allocations.end()) {
        report("memory was freed twice");
      } else {
        release(found);
      }
    });
  });
}

int ote_copy_async(void* target, const void* source, size_t bytes, int kind, void* stream) {
  return guarded([&] {
    if (bytes == 0) return cudaSuccess;
    if (kind < 1 || kind > 4) return cudaErrorInvalidMemcpyDirection;
    const Place to = place(target, bytes), from = place(source, bytes);
    const bool to_device = kind == 4 ? to == Place::device : kind != 2;
    const bool from_device = kind == 4 ? from == Place::device : kind != 1;
    if (target == nullptr || source == nullptr || !fits(to, to_device) || !fits(from, from_device))
      return cudaErrorInvalidValue;
    std::shared_ptr<unsigned char[]> staged;
    if (from == Place::pageable && !captures(stream)) {
      staged.reset(new unsigned char[bytes]);
      std::memcpy(staged.get(), source, bytes);
    }
    const cudaError_t error = enqueue(stream, [=] {
      if (place(target, bytes) != to || place(source, bytes) != from) {
        report("a copy of " + std::to_string(bytes) + " bytes uses memory that has been freed");
        return;
      }
      std::memcpy(target, staged ? staged.get() : source, bytes);
      mark_copied(target, source, bytes);
    });
    return error == cudaSuccess && to == Place::pageable && !captures(stream) ? synchronize(stream)
                                                                              : error;
  });
}

int ote_memset_async(void* target, int byte, size_t bytes, void* stream) {
  return guarded([&] {
    if (bytes == 0) return cudaSuccess;
    if (place(target, bytes) != Place::device) return cudaErrorInvalidValue;
    return enqueue(stream, [=] {
      if (place(target, bytes) != Place::device) {
        report("a memset of " + std::to_string(bytes) + " bytes uses memory that has been freed");
        return;
      }
      std::memset(target, byte, bytes);
      mark_written(target, bytes);
    });
  });
}
}
