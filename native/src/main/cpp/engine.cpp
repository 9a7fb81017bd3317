#include "engine.h"

#include <cstdint>
#include <new>
#include <utility>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace otf {

OutOfMemory::OutOfMemory(size_t bytes)
    : std::runtime_error("out of memory: " + std::to_string(bytes) + " bytes were asked for") {}

namespace {
constexpr std::align_val_t kCacheLine{64};
constexpr size_t kHugePage = size_t{2} << 20;
}  // namespace

void* acquire(size_t bytes) noexcept {
  if (bytes > SIZE_MAX / 2) return nullptr;
  void* memory = ::operator new(bytes, kCacheLine, std::nothrow);
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  // Fewer page faults and TLB misses; a refusal changes nothing but the speed.
  if (memory != nullptr && bytes >= 2 * kHugePage) {
    uintptr_t first = (reinterpret_cast<uintptr_t>(memory) + kHugePage - 1) / kHugePage * kHugePage;
    uintptr_t last = (reinterpret_cast<uintptr_t>(memory) + bytes) / kHugePage * kHugePage;
    madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
  }
#endif
  return memory;
}

void release(void* memory) noexcept { ::operator delete(memory, kCacheLine); }

Scratch::Scratch(Scratch&& other) noexcept
    : memory_(std::exchange(other.memory_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      used_(std::exchange(other.used_, 0)) {}

Scratch::~Scratch() { release(memory_); }

void Scratch::reserve(size_t bytes) {
  used_ = 0;
  if (bytes <= size_) return;
  release(std::exchange(memory_, nullptr));
  size_ = 0;
  memory_ = static_cast<char*>(acquire(bytes));
  if (memory_ == nullptr) throw OutOfMemory(bytes);
  size_ = bytes;
}

Engine::Engine(int threads, const Kernels& kernels)
    : kernels(kernels), pool(threads), scratch(threads) {}

const Kernels& select_kernels(const std::string& isa) {
  bool any = isa.empty();
#if defined(OTF_X86)
  __builtin_cpu_init();
  bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
  if (avx512 && (any || isa == "avx512")) return kAvx512Kernels;
  if (avx2 && (any || isa == "avx2")) return kAvx2Kernels;
#elif defined(OTF_AARCH64)
  if (any || isa == "neon") return kNeonKernels;  // every such processor has it
#endif
  if (any || isa == "scalar") return kScalarKernels;
  if (isa == "avx2" || isa == "avx512" || isa == "neon") {
    throw Unavailable("the processor cannot run the code path " + isa);
  }
  throw Unavailable("there is no code path \"" + isa + "\", expected avx512, avx2, neon or scalar");
}

}  // namespace otf
