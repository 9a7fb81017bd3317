// A fiber: a stack and a place to go on from. Threads of emulated blocks are fibers of the one
// operating-system thread that runs a launch; a switch costs a few nanoseconds.
#pragma once

#include <cstddef>
#include <cstdint>

namespace emulator {

#ifdef __SANITIZE_ADDRESS__
constexpr size_t stack_bytes = 256 * 1024;
#else
constexpr size_t stack_bytes = 64 * 1024;
#endif

class Fiber {
 public:
  Fiber() = default;
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // Has `entry` run on `stack` when the fiber is switched to; entry never returns. What ran on that
  // stack before is forgotten.
  void start(unsigned char* stack, void (*entry)());
  // Goes on in `next`; returns when something switches back to this one.
  void switch_to(Fiber& next);
  // To be called first in `entry`.
  static void entered();
  // Whether the stack has been used to its last byte.
  bool overflowed() const;
  const unsigned char* stack() const { return stack_; }

 private:
  void* pointer_ = nullptr;
  unsigned char* stack_ = nullptr;
  void* fake_stack_ = nullptr;
};

// Memory for stacks, kept from launch to launch.
unsigned char* stack(size_t index);

}  // namespace emulator
