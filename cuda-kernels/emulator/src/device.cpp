#include "device.h"

#include <utility>

#include "memory.h"
#include "report.h"
#include "stream.h"

namespace emulator {

Device::Device() { ote_device_default(&properties); }

void Device::seed(uint64_t seed) {
  seed_ = seed;
  launches_ = 0;
  schedule = Schedule(seed);
}

Schedule Device::kernel_schedule() { return Schedule(seed_ + orders * launches_++); }

cudaError_t Device::keep(cudaError_t error) {
  if (error != cudaSuccess && error != cudaErrorNotReady && last_error_ == cudaSuccess)
    last_error_ = error;
  return error;
}

cudaError_t Device::last_error(bool forget) {
  if (lost_) return cudaErrorLaunchFailure;
  return forget ? std::exchange(last_error_, cudaSuccess) : last_error_;
}

void Device::forget_errors() {
  last_error_ = cudaSuccess;
  lost_ = false;
}

Device& device() {
  static Device one;
  return one;
}

}  // namespace emulator

const char* cudaGetErrorName(cudaError_t error) {
  switch (error) {
#define NAME(name) \
  case name:       \
    return #name;
    NAME(cudaSuccess)
    NAME(cudaErrorInvalidValue)
    NAME(cudaErrorMemoryAllocation)
    NAME(cudaErrorInvalidConfiguration)
    NAME(cudaErrorInvalidMemcpyDirection)
    NAME(cudaErrorNoDevice)
    NAME(cudaErrorInvalidResourceHandle)
    NAME(cudaErrorNotReady)
    NAME(cudaErrorLaunchFailure)
    NAME(cudaErrorCooperativeLaunchTooLarge)
    NAME(cudaErrorNotSupported)
    NAME(cudaErrorStreamCaptureUnsupported)
    NAME(cudaErrorStreamCaptureInvalidated)
    NAME(cudaErrorStreamCaptureUnmatched)
    NAME(cudaErrorStreamCaptureUnjoined)
    NAME(cudaErrorStreamCaptureIsolation)
#undef NAME
  }
  return "unrecognized error code";
}

cudaError_t cudaGetLastError() {
  const std::lock_guard lock(emulator::device().mutex);
  return emulator::device().last_error(true);
}

cudaError_t cudaPeekAtLastError() {
  const std::lock_guard lock(emulator::device().mutex);
  return emulator::device().last_error(false);
}

extern "C" {

void ote_device_default(ote_device* device) {
  *device = {1 << 30, 1, 4, 227 * 1024, 228 * 1024, 9, 0, 2048};
}

int64_t ote_reset(const ote_device* properties) {
  auto& device = emulator::device();
  const std::lock_guard lock(device.mutex);
  const int64_t left = ote_live();
  emulator::forget_streams();
  emulator::forget_memory();
  device.forget_errors();
  device.kernels = 0;
  if (properties != nullptr) device.properties = *properties;
  emulator::reports().clear();
  return left;
}

void ote_seed(uint64_t seed) {
  const std::lock_guard lock(emulator::device().mutex);
  emulator::device().seed(seed);
}

int ote_reports(void) {
  const std::lock_guard lock(emulator::device().mutex);
  emulator::check_guards("something");
  emulator::check_freed();
  return static_cast<int>(emulator::reports().size());
}

const char* ote_report(int index) {
  const auto& all = emulator::reports();
  return index >= 0 && static_cast<size_t>(index) < all.size()
             ? all[static_cast<size_t>(index)].c_str()
             : "";
}

void ote_forget(void) { emulator::reports().clear(); }

int64_t ote_live(void) {
  const std::lock_guard lock(emulator::device().mutex);
  return emulator::live_memory() + emulator::live_streams();
}

int64_t ote_kernels(void) { return emulator::device().kernels; }

int ote_device_count(int* count) {
  *count = emulator::device().properties.devices;
  return *count > 0 ? cudaSuccess : cudaErrorNoDevice;
}

int ote_device_attribute(int* value, int attribute) {
  return emulator::guarded([&] {
    const ote_device& device = emulator::device().properties;
    switch (attribute) {
      case 16:
        *value = device.multiprocessors;
        break;
      case 75:
        *value = device.major;
        break;
      case 76:
        *value = device.minor;
        break;
      case 81:
        *value = device.shared_per_multiprocessor;
        break;
      case 95:
        *value = 1;
        break;  // cooperative launch
      case 97:
        *value = device.shared_per_block;
        break;
      case 115:
        *value = 1;
        break;  // memory pools
      default:
        return cudaErrorInvalidValue;
    }
    return cudaSuccess;
  });
}

int ote_last_error(void) { return cudaGetLastError(); }

const char* ote_error_name(int error) { return cudaGetErrorName(static_cast<cudaError_t>(error)); }
}
