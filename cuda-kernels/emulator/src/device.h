// The one emulated device: its properties, the state of its errors, the lock around every call.
#pragma once

#include <mutex>
#include <new>

#include "emulator/runtime.h"
#include "otfuse_emulator.h"
#include "schedule.h"

namespace emulator {

constexpr size_t default_shared = 48 * 1024;
constexpr size_t reserved_shared = 1024;  // of each block, for the system
constexpr int most_threads = 1024;
constexpr int blocks_per_multiprocessor = 32;

class Device {
 public:
  Device();

  ote_device properties;
  std::recursive_mutex mutex;
  // Choices outside of kernels.
  Schedule schedule;
  // A schedule for the next kernel.
  Schedule kernel_schedule();
  int64_t kernels = 0;

  void seed(uint64_t seed);
  // What a call returns after it found `error`; what it finds first is kept for ote_last_error.
  cudaError_t keep(cudaError_t error);
  cudaError_t last_error(bool forget);
  // A kernel was stopped: nothing works any more.
  void lose() { lost_ = true; }
  bool lost() const { return lost_; }
  void forget_errors();

 private:
  uint64_t seed_ = 0;
  uint64_t launches_ = 0;
  cudaError_t last_error_ = cudaSuccess;
  bool lost_ = false;
};

Device& device();

// Runs the body of an interface function.
template <class Body>
int guarded(Body body) {
  Device& device = emulator::device();
  const std::lock_guard lock(device.mutex);
  if (device.properties.devices == 0) return cudaErrorNoDevice;
  if (device.lost()) return cudaErrorLaunchFailure;
  cudaError_t error = cudaSuccess;
  try {
    error = body();
  } catch (const std::bad_alloc&) {
    error = cudaErrorMemoryAllocation;
  }
  return device.keep(device.lost() ? cudaErrorLaunchFailure : error);
}

}  // namespace emulator
