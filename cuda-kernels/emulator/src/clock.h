// Logical time. Blocks see each other's writes only through a fence, an atomic operation on the
// same word, and a fence on the other side; these clocks say how far.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "shadow.h"

namespace emulator {

// For each block what has been seen of it: all before `epoch`, and in it what `thread` did.
class Clock {
 public:
  void join(unsigned block, uint32_t epoch, int thread) {
    for (Seen& seen : seen_) {
      if (seen.block != block) continue;
      if (epoch > seen.epoch) {
        seen = {block, epoch, thread};
      } else if (epoch == seen.epoch && thread != seen.thread) {
        seen.thread = any;
      }
      return;
    }
    seen_.push_back({block, epoch, thread});
  }
  void join(const Clock& other) {
    for (const Seen& seen : other.seen_) join(seen.block, seen.epoch, seen.thread);
  }
  bool saw(const Access& access) const {
    return std::any_of(seen_.begin(), seen_.end(), [&](const Seen& seen) {
      return seen.block == access.block &&
             (access.epoch < seen.epoch ||
              (access.epoch == seen.epoch && (seen.thread == any || seen.thread == access.thread)));
    });
  }
  bool empty() const { return seen_.empty(); }
  void clear() { seen_.clear(); }

 private:
  static constexpr int any = -1;
  struct Seen {
    unsigned block;
    uint32_t epoch;
    int thread;
  };
  std::vector<Seen> seen_;
};

// The lanes of a warp among themselves: what each has seen of each other, by warp barriers.
struct WarpClock {
  uint32_t seen[32][32] = {};

  void start() {
    for (auto& row : seen) std::fill(std::begin(row), std::end(row), 0u);
    for (int lane = 0; lane < 32; lane++) seen[lane][lane] = 1;
  }
  void barrier(uint32_t lanes) {
    uint32_t joined[32] = {};
    for (int lane = 0; lane < 32; lane++) {
      if ((lanes >> lane & 1) == 0) continue;
      for (int other = 0; other < 32; other++)
        joined[other] = std::max(joined[other], seen[lane][other]);
    }
    for (int lane = 0; lane < 32; lane++) {
      if ((lanes >> lane & 1) == 0) continue;
      std::copy(std::begin(joined), std::end(joined), seen[lane]);
      seen[lane][lane]++;
    }
  }
};

// What a thread has learned of others and can tell them.
struct ThreadClock {
  Clock pending;   // through atomics since its last fence
  Clock acquired;  // before that
  Clock released;  // what its next atomic operation tells: all as of its last fence
};

}  // namespace emulator
