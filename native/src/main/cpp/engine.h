// The engine: a pool of threads, the kernels of this processor and work space for each thread.
#pragma once

#include <cstddef>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "gate.h"
#include "kernels.h"
#include "otfuse.h"
#include "pool.h"

namespace otf {

// Asked for something that this machine or build does not have.
struct Unavailable : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Not enough memory; the message names how much was asked for.
struct OutOfMemory : std::runtime_error {
  explicit OutOfMemory(size_t bytes);
};

// Cache-line-aligned memory, null if there is none; freed by release().
void* acquire(size_t bytes) noexcept;
void release(void* memory) noexcept;

// Work space that only grows. A layout is laid out from the start again by clear().
class Scratch {
 public:
  Scratch() = default;
  Scratch(Scratch&& other) noexcept;
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch();

  // Makes room for `bytes` in all; what take() gave before is void.
  void reserve(size_t bytes);

  // The next `count` values, aligned to cache lines, within what was reserved.
  template <class T>
  T* take(size_t count) {
    T* values = reinterpret_cast<T*>(memory_ + used_);
    used_ += rounded<T>(count);
    return values;
  }

  // What take() uses up for so many values.
  template <class T>
  static size_t rounded(size_t count) {
    return (count * sizeof(T) + 63) / 64 * 64;
  }

 private:
  char* memory_ = nullptr;
  size_t size_ = 0;
  size_t used_ = 0;
};

struct Engine {
  Engine(int threads, const Kernels& kernels);

  const Kernels& kernels;
  Pool pool;
  Gate gate;                     // for calls, waiting ones included
  std::mutex mutex;              // held during an operation
  std::vector<Scratch> scratch;  // one a worker
  Scratch shared;                // of the operation
};

// The kernels of that name, or the best that run here for an empty one.
const Kernels& select_kernels(const std::string& isa);

void features(Engine& engine, const otf_feature_task* tasks, int count);
void cost(Engine& engine, const otf_cost_task* tasks, int count);
// A balanced task without a plan is solved for its potentials only.
void sinkhorn(Engine& engine, const otf_sinkhorn_task* tasks, otf_report* reports, int count);
void assign(Engine& engine, const otf_assign_task* tasks, otf_report* reports, int count);
void transport(Engine& engine, const otf_transport_task* tasks, otf_report* reports, int count);
void maps(Engine& engine, const otf_map_task* tasks, int count);
// With `add` on top of what the targets hold. Tells whether all that is written is finite.
bool average(Engine& engine, const otf_average_task* tasks, int count, bool add = false);

otf_limits limits(Engine& engine);

}  // namespace otf
