// Watches every access of kernels compiled with -fsanitize=thread, whose calls into the runtime of
// ThreadSanitizer end in checker.cpp instead. It reports addresses that are not the kernel's, reads
// of what was never written, and data races by CUDA's rules: two accesses to a word, one of them a
// write, not both atomic, with no barrier, warp barrier, or fence-atomic-fence chain between them.
#pragma once

#include <cstddef>

namespace emulator {

// An atomic operation is about to be done; called by the emulator itself.
void check_atomic(const void* address, size_t bytes, const void* code);
// A fence by the running thread.
void check_fence();
// Forgets what atomics told in earlier kernels.
void start_checking();

}  // namespace emulator
