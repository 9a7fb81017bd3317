// Memory as kernels find it: filled with a pattern that shows when it is used before it is written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace emulator {

std::unique_ptr<unsigned char[]> allocate_shared(size_t bytes);
void fill_poison(void* memory, size_t bytes);
void set_poison(uint32_t word);

}  // namespace emulator
