// What the checker (checker.cpp) knows about memory: for each word which of its bytes have been
// written, and who wrote and read it last in the running kernel. Empty where kernels are not
// compiled for the checker.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace emulator {

// One access, and when it was: barriers its block had passed, its lane's own clock, and fences that
// its thread had made.
struct Access {
  const void* code = nullptr;  // null: none
  unsigned block = 0;
  uint32_t epoch = 0;
  uint32_t clock = 0;
  uint32_t fences = 0;
  uint16_t thread = 0;
  uint8_t bytes = 0;
  bool atomic = false;
};

struct Cell {
  int64_t kernel = 0;  // the one that the accesses are from
  uint8_t written = 0;
  uint8_t constant = 0;     // bytes that the kernel reads through the read-only path
  uint8_t changed = 0;      // bytes that it has written
  bool many_warps = false;  // read by lanes of several warps
  uint32_t readers = 0;     // lanes of read.thread's warp that read since the last write
  Access write, read;
  Access loaded;  // one of the reads through the read-only path
};

struct Shadow {
  std::vector<Cell> cells;
  size_t bytes = 0;
  uint32_t poison = 0;  // what fresh memory held

  void start(size_t bytes);
  // Whether the word holds what fresh memory holds.
  bool poisoned(const unsigned char* memory, size_t word) const;
  // The bytes [first, first + count) hold something now, or do no longer.
  void mark(size_t first, size_t count, bool written);
};

// A piece of memory and its shadow.
struct Region {
  unsigned char* address = nullptr;
  size_t bytes = 0;
  Shadow* shadow = nullptr;
};

// Whether kernels are compiled for the checker.
bool checking();

// What the runtime shim does to device memory: a copy takes along what has been written.
void mark_written(void* address, size_t bytes);
void mark_copied(void* target, const void* source, size_t bytes);

}  // namespace emulator
