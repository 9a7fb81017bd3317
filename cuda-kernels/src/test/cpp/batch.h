// A prepared batch as a caller has it: tasks on the device, a workspace, what to launch.
#pragma once

#include <cstring>

#include "check.h"
#include "otfuse_cuda.h"

namespace check {

template <class Task>
class Batch {
 public:
  Batch(std::vector<Task> tasks, int (*prepare)(Task*, int32_t, otc_launch*))
      : tasks(prepared(std::move(tasks), prepare, &launch)),
        device(this->tasks),
        workspace(static_cast<size_t>(launch.workspace)) {}

  otc_launch launch;
  std::vector<Task> tasks;
  Device<Task> device;
  Device<char> workspace;

 private:
  static std::vector<Task> prepared(std::vector<Task> tasks,
                                    int (*prepare)(Task*, int32_t, otc_launch*),
                                    otc_launch* launch) {
    CHECK(prepare(tasks.data(), static_cast<int32_t>(tasks.size()), launch) == 0);
    return tasks;
  }
};

inline bool same(const Floats& one, const Floats& other) {
  if (one.size() != other.size()) return false;
  return one.empty() || std::memcmp(one.data(), other.data(), one.size() * sizeof(float)) == 0;
}

// Enough repetitions of a batch of `count` tasks that a launch has not a block for each.
inline int crowd(size_t count) { return 2 * OTC_MOST_BLOCKS / static_cast<int>(count) + 1; }

// Whether `all` is `one` again and again.
inline bool repeats(const Floats& all, const Floats& one) {
  bool good = !one.empty() && all.size() % one.size() == 0;
  for (size_t at = 0; good && at < all.size(); at += one.size()) {
    good = std::memcmp(all.data() + at, one.data(), one.size() * sizeof(float)) == 0;
  }
  return good;
}

// A random map of m neurons of the anchor onto n of the model.
inline std::vector<int32_t> random_map(std::mt19937& random, int n, int m) {
  std::vector<int32_t> map(static_cast<size_t>(m));
  for (int32_t& i : map) i = static_cast<int32_t>(random() % static_cast<unsigned>(n));
  return map;
}

}  // namespace check
