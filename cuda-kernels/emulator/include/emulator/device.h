// Device functions with effects: indices, barriers, shuffles, votes, atomics, cached loads, shared
// memory. All of them end in the few functions of namespace emulator at the top, which the
// scheduler (src/block.cpp) and the memory checker implement.
#pragma once

#include <bit>
#include <source_location>
#include <type_traits>

#include "types.h"

// Where the running thread is; set whenever threads are switched.
extern uint3 threadIdx, blockIdx;
extern dim3 blockDim, gridDim;

namespace emulator {

using Site = std::source_location;

enum class Count { none, all, any, number };
int block_barrier(Count count, bool predicate, const Site& site);

enum class Exchange { barrier, shuffle, ballot };
// Waits for the lanes in `mask`; returns what lane `source` brought along, or the ballot.
uint64_t exchange(Exchange kind, unsigned mask, uint64_t bits, int source, const Site& site);

// Lets other threads run. `sleep` is given where the thread waits for one of them.
void yield(bool sleep, const Site& site);

enum class Atomic { add, sub, exchange, compare, max, min, bit_or, bit_and };
template <class T>
T atomic(Atomic operation, T* address, T value, T compare, const Site& site);

[[noreturn]] void trap(const Site& site);

// Which threads a fence speaks to.
enum class Scope { block, device };
void fence(Scope scope, const Site& site);
// A load through the read-only path is about to be done.
void read_only(const void* address, size_t bytes);

void* dynamic_shared();
// The block's memory for one __shared__ variable, made when its first thread gets there.
void* static_shared(const void* variable, size_t bytes, size_t alignment);

template <class T>
T& shared_variable(const void* variable, size_t alignment) {
  return *static_cast<T*>(static_shared(variable, sizeof(T), alignment));
}

constexpr int warp_size = 32;

inline int this_lane() {
  return static_cast<int>((threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z)) %
                          warp_size);
}

template <class T>
T shuffle(unsigned mask, T value, int source, const Site& site) {
  static_assert(std::is_arithmetic_v<T> && (sizeof(T) == 4 || sizeof(T) == 8));
  using Bits = std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>;
  return std::bit_cast<T>(static_cast<Bits>(
      exchange(Exchange::shuffle, mask, std::bit_cast<Bits>(value), source, site)));
}

}  // namespace emulator

constexpr int warpSize = emulator::warp_size;

#define EMULATOR_SITE const ::emulator::Site& site = ::emulator::Site::current()

inline void __syncthreads(EMULATOR_SITE) {
  emulator::block_barrier(emulator::Count::none, false, site);
}
inline int __syncthreads_or(int predicate, EMULATOR_SITE) {
  return emulator::block_barrier(emulator::Count::any, predicate != 0, site);
}
inline int __syncthreads_and(int predicate, EMULATOR_SITE) {
  return emulator::block_barrier(emulator::Count::all, predicate != 0, site);
}
inline int __syncthreads_count(int predicate, EMULATOR_SITE) {
  return emulator::block_barrier(emulator::Count::number, predicate != 0, site);
}
inline void __syncwarp(unsigned mask = 0xffffffffu, EMULATOR_SITE) {
  emulator::exchange(emulator::Exchange::barrier, mask, 0, 0, site);
}

// Lanes work in groups of `width`, a power of two; a source outside the group is the lane itself.
template <class T>
T __shfl_sync(unsigned mask, T value, int source, int width = 32, EMULATOR_SITE) {
  const int lane = emulator::this_lane();
  return emulator::shuffle(mask, value, (lane & -width) + (source & (width - 1)), site);
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32, EMULATOR_SITE) {
  const int lane = emulator::this_lane(), source = lane + static_cast<int>(delta);
  return emulator::shuffle(mask, value, source < (lane & -width) + width ? source : lane, site);
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32, EMULATOR_SITE) {
  const int lane = emulator::this_lane(), source = lane - static_cast<int>(delta);
  return emulator::shuffle(mask, value, source >= (lane & -width) ? source : lane, site);
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int bits, int width = 32, EMULATOR_SITE) {
  const int lane = emulator::this_lane(), source = lane ^ bits;
  return emulator::shuffle(mask, value, source < (lane & -width) + width ? source : lane, site);
}

inline unsigned __ballot_sync(unsigned mask, int predicate, EMULATOR_SITE) {
  return static_cast<unsigned>(
      emulator::exchange(emulator::Exchange::ballot, mask, predicate != 0, 0, site));
}
inline int __any_sync(unsigned mask, int predicate, EMULATOR_SITE) {
  return __ballot_sync(mask, predicate, site) != 0;
}
inline int __all_sync(unsigned mask, int predicate, EMULATOR_SITE) {
  return __ballot_sync(mask, predicate, site) == mask;
}

#define EMULATOR_ATOMIC(name, operation)                              \
  template <class T>                                                  \
  T name(T* address, std::type_identity_t<T> value, EMULATOR_SITE) {  \
    return emulator::atomic<T>(operation, address, value, T{}, site); \
  }
EMULATOR_ATOMIC(atomicAdd, emulator::Atomic::add)
EMULATOR_ATOMIC(atomicSub, emulator::Atomic::sub)
EMULATOR_ATOMIC(atomicExch, emulator::Atomic::exchange)
EMULATOR_ATOMIC(atomicMax, emulator::Atomic::max)
EMULATOR_ATOMIC(atomicMin, emulator::Atomic::min)
EMULATOR_ATOMIC(atomicOr, emulator::Atomic::bit_or)
EMULATOR_ATOMIC(atomicAnd, emulator::Atomic::bit_and)
#undef EMULATOR_ATOMIC
template <class T>
T atomicCAS(T* address, std::type_identity_t<T> compare, std::type_identity_t<T> value,
            EMULATOR_SITE) {
  return emulator::atomic<T>(emulator::Atomic::compare, address, value, compare, site);
}

inline void __threadfence(EMULATOR_SITE) {
  emulator::fence(emulator::Scope::device, site);
}
inline void __threadfence_block(EMULATOR_SITE) { emulator::fence(emulator::Scope::block, site); }
inline void __nanosleep(unsigned, EMULATOR_SITE) { emulator::yield(true, site); }
[[noreturn]] inline void __trap(EMULATOR_SITE) { emulator::trap(site); }

// Through the read-only path, which may not see what the same kernel writes.
template <class T>
T __ldg(const T* address) {
  emulator::read_only(address, sizeof(T));
  return *address;
}
template <class T>
T __ldca(const T* address) {
  return *address;
}
template <class T>
T __ldcs(const T* address) {
  return *address;
}
// Reads past the first-level cache, as a thread does that waits for another block.
template <class T>
T __ldcg(const T* address, EMULATOR_SITE) {
  emulator::yield(false, site);
  return *address;
}
template <class T>
void __stcg(T* address, std::type_identity_t<T> value) {
  *address = value;
}
template <class T>
void __stcs(T* address, std::type_identity_t<T> value) {
  *address = value;
}
#undef EMULATOR_SITE
