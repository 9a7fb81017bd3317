// Device memory and page-locked host memory. Fresh memory is filled with a pattern that shows when
// it is used before it is written; guards around it show what is written beside it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "shadow.h"

namespace emulator {

enum class Place { pageable, pinned, device, broken };

// Where all of these bytes lie; broken if only some of them lie in an allocation.
Place place(const void* address, size_t bytes);

// What fresh memory is filled with.
uint32_t poison_word();
std::unique_ptr<unsigned char[]> allocate_shared(size_t bytes);

// Reports what was written beside allocations; `who` comes first in the report.
void check_guards(const std::string& who);
// Reports what was written to memory after it was freed.
void check_freed();

// The live allocation in device memory that an address lies in.
Region device_region(const void* address);

int64_t live_memory();
void forget_memory();

}  // namespace emulator
