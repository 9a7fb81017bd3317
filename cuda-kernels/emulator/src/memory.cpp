#include "memory.h"

#include <cstdlib>
#include <cstring>

#include "emulator/runtime.h"
#include "otfuse_emulator.h"

namespace emulator {
namespace {

uint32_t poison = 0xffffffffu;

}  // namespace

void set_poison(uint32_t word) { poison = word; }

void fill_poison(void* memory, size_t bytes) {
  auto* at = static_cast<unsigned char*>(memory);
  for (; bytes >= sizeof poison; bytes -= sizeof poison, at += sizeof poison) std::memcpy(at, &poison, sizeof poison);
  std::memcpy(at, &poison, bytes);
}

std::unique_ptr<unsigned char[]> allocate_shared(size_t bytes) {
  std::unique_ptr<unsigned char[]> memory(new unsigned char[bytes]);
  fill_poison(memory.get(), bytes);
  return memory;
}

}  // namespace emulator

extern "C" int ote_malloc(void** address, size_t bytes) {
  *address = nullptr;
  if (bytes == 0) return cudaSuccess;
  if (posix_memalign(address, 256, bytes) != 0) return cudaErrorMemoryAllocation;
  emulator::fill_poison(*address, bytes);
  return cudaSuccess;
}

extern "C" int ote_free(void* address) {
  std::free(address);
  return cudaSuccess;
}

extern "C" int ote_copy_async(void* target, const void* source, size_t bytes, void*) {
  std::memcpy(target, source, bytes);
  return cudaSuccess;
}

extern "C" int ote_synchronize(void*) { return cudaPeekAtLastError(); }

extern "C" void ote_poison(uint32_t word) { emulator::set_poison(word); }
