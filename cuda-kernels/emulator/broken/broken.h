// Kernels and launches with one mistake each, and the same without it. The emulator must find the
// mistake and nothing in what is right.
#pragma once

#include <cuda_runtime.h>

#include <type_traits>
#include <vector>

#include "otfuse_emulator.h"

namespace broken {

using Floats = std::vector<float>;

struct Case {
  const char* name;
  // Part of what is reported: by the emulator as such, and by its checks of every access. Null:
  // this way nothing is found. `differs`: nothing is reported, but results depend on seed or
  // poison.
  const char* plain;
  const char* checked;
  Floats (*run)(bool fixed);
  // Ends the program in a build with sanitizers.
  bool fatal = false;
};

inline constexpr const char* differs = "differs";

std::vector<Case> barrier_cases();
std::vector<Case> grid_cases();
std::vector<Case> memory_cases();
std::vector<Case> stream_cases();
std::vector<Case> warp_cases();

// Floats in device memory, poisoned at first.
class Array {
 public:
  explicit Array(int count) : count_(count) { ote_malloc(&address_, count * sizeof(float)); }
  explicit Array(const Floats& values) : Array(static_cast<int>(values.size())) {
    ote_copy_async(address_, values.data(), count_ * sizeof(float), 1, nullptr);
  }
  Array(const Array&) = delete;
  Array& operator=(const Array&) = delete;
  ~Array() { ote_free(address_); }

  operator float*() const { return static_cast<float*>(address_); }
  Floats read() const {
    Floats values(count_);
    ote_copy_async(values.data(), address_, count_ * sizeof(float), 2, nullptr);
    return values;
  }

 private:
  size_t count_;
  void* address_ = nullptr;
};

inline Floats counting(int count) {
  Floats values(count);
  for (int i = 0; i < count; i++) values[i] = 1 + 0.1f * static_cast<float>(i);
  return values;
}

// Launches with `shared` bytes of dynamic shared memory, as a cooperative grid if asked to.
template <class... Parameters>
void start(void (*kernel)(Parameters...), int blocks, int threads, int shared, bool cooperative,
           std::type_identity_t<Parameters>... arguments) {
  cudaLaunchAttribute attribute{};
  attribute.id = cudaLaunchAttributeCooperative;
  attribute.val.cooperative = cooperative;
  cudaLaunchConfig_t config{};
  config.gridDim = blocks;
  config.blockDim = threads;
  config.dynamicSmemBytes = shared;
  config.attrs = &attribute;
  config.numAttrs = 1;
  cudaLaunchKernelEx(&config, kernel, arguments...);
}

}  // namespace broken
