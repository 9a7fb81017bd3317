// Watches every access of kernels compiled with -fsanitize=thread, whose calls into the runtime of
// ThreadSanitizer end in checker.cpp instead. It reports addresses that are not the kernel's, reads
// of what was never written, and data races by CUDA's rules: two accesses to a word, one of them a
// write, not both atomic, with no barrier, warp barrier, or fence-atomic-fence chain between them
// whose fences reach the other thread. It also reports memory that a kernel both writes and reads
// through the read-only path.
#pragma once

#include <cstddef>

#include "emulator/device.h"

namespace emulator {

// An atomic operation is about to be done; called by the emulator itself.
void check_atomic(const void* address, size_t bytes, const void* code);
// A fence by the running thread.
void check_fence(Scope scope);
// Threads that write the same value may do so without an order. What a write puts there is known
// only after the check of it, so this is called before the running thread's next step.
void settle_writes();
// Forgets what atomics told in earlier kernels.
void start_checking();

}  // namespace emulator
