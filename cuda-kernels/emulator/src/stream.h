// Streams, events and captured graphs: queues of work, and the choice of what runs next.
#pragma once

#include <cstdint>
#include <functional>

#include "emulator/runtime.h"

namespace emulator {

// Adds work to a stream, or to the graph that it captures; on the null stream, runs it.
cudaError_t enqueue(void* stream, std::function<void()> work);
// Runs work until the stream is empty.
cudaError_t synchronize(void* stream);
// Runs all work there is.
void run_all();

// Whether this stream captures; whether any does.
bool captures(void* stream);
bool capturing();

int64_t live_streams();
void forget_streams();

}  // namespace emulator
