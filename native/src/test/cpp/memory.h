// The operators new and delete of the tests, through which the engine takes all of its memory: they
// count what is in use and can fail.
#pragma once

#include <cstdint>

namespace check {

int64_t memory_in_use();

// The most that was in use since forget_peak().
int64_t memory_peak();
void forget_peak();

// From now on the allocation of this number, counted from 1, fails, once; 0: none does.
void fail_allocation(int64_t number);

// How many allocations there were since then.
int64_t allocations();

}  // namespace check
